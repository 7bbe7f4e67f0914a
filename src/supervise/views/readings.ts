/** All metrics of the daemon. */

import { workerOfInstance } from '../../../actors/ids.ts'
import type { EndReason } from '../../../actors/instance.ts'
import { Families, type Family } from '../../telemetry/metrics/family.ts'
import { ProcessReadings } from '../../telemetry/metrics/process-readings.ts'
import { createProducer } from '../../telemetry/metrics/producer.ts'
import { addService } from '../../telemetry/metrics/service-families.ts'
import type { ParityReading } from '../../telemetry/metrics/text/prometheus-parity.ts'
import type { ActorView, Move } from '../journal/journal.ts'
import type { InstanceSample } from '../limits/samples.ts'
import { WorkerUse } from '../limits/worker-use.ts'
import type { Overview, OverviewParts } from './overview.ts'

/** Totals of telemetry that was lost on its way out. */
export interface Dropped {
  readonly spans: number
  readonly metrics: number
  readonly logs: number
  /** Records of the daemon's own log. */
  readonly logRecords: number
}

export interface ReadingParts extends OverviewParts {
  readonly overview: Overview
  /** Encrypted values of the configuration that were read. */
  readonly secretsDecrypted: number
  readonly dropped: () => Dropped
}

const endReasons: readonly EndReason[] = [
  'recycled',
  'threw',
  'exited',
  'outOfMemory',
  'stuck',
  'killed',
  'startTimeout',
]

const healthNumbers = { Healthy: 0, Warning: 1, Critical: 2 } as const

/** All metrics of the daemon as they are now, for exporters and pages. */
export class Readings {
  readonly #parts: ReadingParts
  readonly #startedAt = Date.now()
  readonly #process = new ProcessReadings()
  readonly #use = new WorkerUse()
  /** Ends by worker and reason. */
  readonly #ends = new Map<string, number>()
  /** Moves by chart and state. */
  readonly #moves = new Map<string, { readonly chart: string; readonly state: string; count: number }>()

  /** States that were ever shown: a series that only vanished would keep its last value for a reader for minutes. */
  readonly #states = new Map<string, StateCount>()

  constructor(parts: ReadingParts) {
    this.#parts = parts
  }

  get workers(): readonly string[] {
    return [...new Set(this.#parts.services.map(({ worker }) => worker.name))]
  }

  get secretsDecrypted(): number {
    return this.#parts.secretsDecrypted
  }

  /**
   * Metrics of one worker, or of all workers and the process. `services`: readings that the caller has
   * already.
   */
  families(worker?: string, services = this.services(worker)): readonly Family[] {
    const families = new Families()
    for (const reading of services) addService(families, reading)
    this.#addHealth(families)
    for (const name of this.workers) this.#addWorker(families, name)
    if (worker === undefined) {
      this.#addCharts(families)
      this.#addLosses(families)
      this.#process.addTo(families)
    }
    return families.all(worker)
  }

  /** For the readers of the SDK. */
  producer(): ReturnType<typeof createProducer> {
    return createProducer({ families: () => this.families(), startedAt: this.#startedAt, now: Date.now })
  }

  /** The instances' counts, by service. */
  services(worker?: string): readonly ParityReading[] {
    const { services, overview } = this.#parts
    const active = overview.connectionsActive()
    return services
      .filter((service) => worker === undefined || service.worker.name === worker)
      .map((service) => service.reading(active.get(service) ?? 0))
  }

  /** Takes the CPU times of the latest samples. */
  update(samples: readonly InstanceSample[]): void {
    this.#use.update(samples)
  }

  /** An instance has ended. */
  ended(id: string, reason: EndReason): void {
    if (reason === 'drained') return
    const key = `${workerOfInstance(id)} ${reason}`
    this.#ends.set(key, (this.#ends.get(key) ?? 0) + 1)
  }

  /** A chart has moved. */
  moved({ chart, to: state }: Pick<Move, 'chart' | 'to'>): void {
    const key = `${chart} ${state}`
    const move = this.#moves.get(key)
    if (move === undefined) this.#moves.set(key, { chart, state, count: 1 })
    else move.count += 1
  }

  close(): void {
    this.#process.close()
  }

  #addHealth(families: Families): void {
    const { overview, services } = this.#parts
    const { workers } = overview.health()
    for (const { name, type, worker } of services) {
      const health = workers[name]
      if (health === undefined) continue
      const own = { 'proxy.worker.name': worker.name, 'proxy.type': type }
      families.add('proxy.worker.health', own, healthNumbers[health.status])
      const connections = { ...own, 'proxy.limit': 'connections' }
      families.add('proxy.limit.utilization', connections, health.connection_utilization)
    }
  }

  /** Adds the usage of its instances. */
  #addWorker(families: Families, name: string): void {
    const { services, channels, samples, limits, watch } = this.#parts
    const type = services.find(({ worker }) => worker.name === name)?.worker.type ?? 'combined'
    const own = { 'proxy.worker.name': name, 'proxy.type': type }
    const ids = channels.of(name).map(({ id }) => id)
    const latest = ids.flatMap((id) => samples.of(id) ?? []).filter(({ isRead }) => isRead)
    const highest = (pick: (sample: InstanceSample) => number) => Math.max(0, ...latest.map(pick))
    const { maxMemoryBytes, maxCpuPercent } = limits.of(name)
    const cpuPercent = Math.max(0, ...ids.map((id) => watch.cpuPercentOf(id)))
    families.add(
      'proxy.limit.utilization',
      { ...own, 'proxy.limit': 'memory' },
      highest(({ memoryBytes }) => memoryBytes) / maxMemoryBytes,
    )
    families.add('proxy.limit.utilization', { ...own, 'proxy.limit': 'cpu' }, cpuPercent / maxCpuPercent)
    families.add(
      'proxy.worker.memory',
      own,
      latest.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    )
    families.add('proxy.worker.cpu.time', own, this.#use.cpuMs(name) / 1000)
    for (const reason of endReasons) {
      const ends = this.#ends.get(`${name} ${reason}`) ?? 0
      families.add('proxy.worker.restarts', { ...own, 'proxy.end.reason': reason }, ends)
    }
    families.add(
      'nodejs.eventloop.utilization',
      own,
      highest(({ loopUtilization }) => loopUtilization),
    )
    families.add('nodejs.eventloop.delay.p99', own, highest(({ loopDelayP99Ms }) => loopDelayP99Ms) / 1000)
    const heap = services.filter(({ worker }) => worker.name === name)
    families.add(
      'v8js.memory.heap.used',
      own,
      heap.reduce((sum, service) => sum + service.total('heapUsedBytes'), 0),
    )
  }

  /** Those that live, and the supervisors that have ended with the daemon, for its last export. */
  #actors(): readonly ActorView[] {
    const { journal } = this.#parts
    return [...journal.actors(), ...journal.ended().filter(({ chart }) => chart === 'supervisor')]
  }

  #addCharts(families: Families): void {
    for (const [key, { actor, state }] of this.#states) this.#states.set(key, { actor, state, count: 0 })
    for (const [key, counted] of countStates(this.#actors())) this.#states.set(key, counted)
    for (const { actor, state, count } of this.#states.values()) {
      families.add('proxy.actor.state', { 'proxy.actor': actor, 'proxy.actor.state': state }, count)
    }
    for (const { chart, state, count } of this.#moves.values()) {
      families.add('proxy.actor.transitions', { 'proxy.chart': chart, 'proxy.actor.state': state }, count)
    }
  }

  #addLosses(families: Families): void {
    const { spans, metrics, logs, logRecords } = this.#parts.dropped()
    families.add('proxy.log.dropped', {}, logRecords)
    for (const [signal, count] of Object.entries({ traces: spans, metrics, logs })) {
      families.add('proxy.telemetry.dropped', { 'proxy.signal': signal }, count)
    }
    families.add('proxy.secrets.decrypted', { 'proxy.result': 'ok' }, this.#parts.secretsDecrypted)
    families.add('proxy.secrets.decrypted', { 'proxy.result': 'failed' }, 0)
  }
}

/** The generation of an instance would be a new name with each restart. */
const withoutGeneration = (actor: string): string => actor.replace(/#\d+/, '')

interface StateCount {
  readonly actor: string
  readonly state: string
  readonly count: number
}

function countStates(actors: readonly ActorView[]): ReadonlyMap<string, StateCount> {
  const counts = new Map<string, StateCount>()
  for (const { id, state } of actors) {
    const actor = withoutGeneration(id)
    const key = `${actor} ${state}`
    counts.set(key, { actor, state, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return counts
}
