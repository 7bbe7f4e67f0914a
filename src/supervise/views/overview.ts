/** The present of workers, instances and actors, for admin and the library. */

import { innerChartId, isInstanceOf, supervisorId } from '../../../actors/ids.ts'
import { isCounted, isSettled, mergeWorkerStates } from '../../../actors/states.ts'
import type { ServiceType } from '../../config/settings/settings.ts'
import type { CounterValues } from '../../telemetry/metrics/counters.ts'
import type { WorkerMetrics } from '../../telemetry/metrics/text/prometheus.ts'
import type { Channels } from '../channel/carrier.ts'
import type { Journal } from '../journal/journal.ts'
import type { LimitBook } from '../limits/limit-book.ts'
import type { Samples } from '../limits/samples.ts'
import type { Watch } from '../limits/watch.ts'
import type { Service } from '../services/services.ts'
import { type Health, health, missingInstances, plannedEndOf } from './health.ts'
import { RequestRates } from './request-rates.ts'
import type { ActorMove, ActorState, HealthReport, InstanceUse, WorkerHealth, WorkerView } from './shapes.ts'

const isoTime = (at: number) => new Date(at).toISOString()

const order: readonly Health['status'][] = ['Healthy', 'Warning', 'Critical']

const mebibyte = 1024 * 1024

const rounded = (value: number) => Math.round(value * 1000) / 1000

export interface OverviewParts {
  readonly services: readonly Service[]
  readonly channels: Channels
  readonly samples: Samples
  readonly journal: Journal
  readonly limits: LimitBook
  readonly watch: Watch
}

export class Overview {
  readonly #parts: OverviewParts
  readonly #rates = new RequestRates()

  constructor(parts: OverviewParts) {
    this.#parts = parts
  }

  health(): HealthReport {
    const workers = Object.fromEntries(
      this.#proxies().map((service) => [service.name, this.#healthOf(service)]),
    )
    const worst = Math.max(0, ...Object.values(workers).map(({ status }) => order.indexOf(status)))
    return { status: order[worst] ?? 'Critical', workers }
  }

  /** As `health`, without services that have not come up yet or are being stopped on purpose. */
  settledHealth(): Readonly<Record<string, WorkerHealth>> {
    const settled = this.#proxies().filter(({ worker }) =>
      isSettled(this.#parts.journal.stateOf(supervisorId(worker.name))),
    )
    return Object.fromEntries(settled.map((service) => [service.name, this.#healthOf(service)]))
  }

  /** Metrics of one worker, or of all. */
  metrics(worker?: string): readonly WorkerMetrics[] {
    const active = this.connectionsActive()
    const services = this.#parts.services.filter(({ worker: { name } }) => name === (worker ?? name))
    return services.map((service) => ({
      proxyType: service.proxyType,
      connectionsActive: active.get(service) ?? 0,
      requestsTotal: service.total('requestsTotal'),
      responseTimeSeconds: service.responseTimeSeconds(),
    }))
  }

  /** Open connections by service; `combined` has those that belong to none yet. */
  connectionsActive(): ReadonlyMap<Service, number> {
    const countOf = (service: Service) =>
      service.type === 'combined' ? this.#untyped(service) : service.total('connectionsActive')
    return new Map(this.#parts.services.map((service) => [service, countOf(service)]))
  }

  /** Counters of a service by its name; null if there is no such service. */
  counters(name: string): CounterValues | null {
    return this.#parts.services.find((service) => service.name === name)?.counters() ?? null
  }

  /** Usage of each instance; those that could not be read are left out. */
  instances(): readonly InstanceUse[] {
    return this.#parts.channels.all().flatMap(({ id }) => {
      const sample = this.#parts.samples.of(id)
      if (sample === undefined || !sample.isRead) return []
      return {
        instance: id,
        memory_bytes: sample.memoryBytes,
        cpu_percent: rounded(this.#parts.watch.cpuPercentOf(id)),
        loop_utilization: rounded(sample.loopUtilization),
        loop_delay_p99_ms: rounded(sample.loopDelayP99Ms),
      }
    })
  }

  /**
   * Ends a second of the averages and rates of every service, which nothing else does. `at`: milliseconds of a steady clock;
   * `isWatched`: whether a viewer sees them.
   */
  tick(at: number, isWatched: boolean): void {
    for (const service of this.#parts.services) service.tick(at)
    this.#rates.tick(this.#proxies(), at, isWatched)
  }

  /** Each service with its health, limits and use. */
  workers(): readonly WorkerView[] {
    return this.#proxies().map((service) => this.#viewOf(service))
  }

  actors(): readonly ActorState[] {
    return this.#parts.journal
      .actors()
      .map(({ id, state, since, cause }) => ({ actor: id, state, since: isoTime(since), cause }))
  }

  /** Those that led to another state. */
  moves(): readonly ActorMove[] {
    return this.#parts.journal
      .moves()
      .filter(({ from, to }) => from !== to)
      .map(({ seq, at, actor, to, event }) => ({ seq, at: isoTime(at), actor, state: to, cause: event }))
  }

  /** The services that are proxies; `combined` is only the sum of others. */
  #proxies(): readonly Service[] {
    return this.#parts.services.filter((service) => service.type !== 'combined')
  }

  /** Connections of a combined worker that have not sent a request yet, so belong to no service. */
  #untyped(combined: Service): number {
    const typed = this.#proxies()
      .filter((service) => service.worker === combined.worker)
      .reduce((sum, service) => sum + service.total('connectionsActive'), 0)
    return Math.max(0, combined.total('connectionsActive') - typed)
  }

  #healthOf(service: Service): WorkerHealth {
    const connectionsActive = service.total('connectionsActive')
    const alive = this.#aliveInstances(service.worker.name)
    const states = alive.flatMap((id) => this.#parts.journal.stateOf(innerChartId(id, service.type)) ?? [])
    const supervisor = this.#parts.journal.stateOf(supervisorId(service.worker.name))
    const { status, reasons, connectionUtilization, memoryUtilization } = health({
      isAlive: alive.length > 0,
      state: mergeWorkerStates(states),
      activeConnections: connectionsActive,
      maxConnections: service.maxConnections,
      // Each instance has the limit of the worker for itself; the fullest one counts.
      memoryBytes: Math.max(0, ...alive.map((id) => this.#parts.samples.of(id)?.memoryBytes ?? 0)),
      maxMemoryBytes: this.#parts.limits.of(service.worker.name).maxMemoryBytes,
      missing: missingInstances(supervisor, service.slots, alive.length),
      exceeded: alive.flatMap((id) => this.#parts.watch.reasonsOf(id)),
      // Its last state: the supervisor has ended when the daemon exports for the last time.
      plannedEnd: plannedEndOf(this.#parts.journal.view(supervisorId(service.worker.name))?.state ?? null),
    })
    return {
      proxy_type: service.proxyType,
      status,
      reasons,
      connection_utilization: connectionUtilization,
      memory_utilization: memoryUtilization,
      active_connections: connectionsActive,
      total_requests: service.total('requestsTotal'),
    }
  }

  #viewOf(service: Service): WorkerView {
    const { worker, name, type, proxyType } = service
    const { status, reasons, active_connections, total_requests } = this.#healthOf(service)
    const { limits, samples, watch, journal } = this.#parts
    const { maxMemoryBytes, maxCpuPercent } = limits.of(worker.name)
    const alive = this.#aliveInstances(worker.name)
    // Each instance has the limits for itself; the fullest one counts.
    const most = (of: (id: string) => number) => rounded(Math.max(0, ...alive.map(of)))
    const { perSecond, errors, p50Ms, p99Ms } = this.#rates.of(service)
    const restarts = journal.digestOf(supervisorId(worker.name))?.['restarts']
    return {
      name,
      worker: worker.name,
      type: type as ServiceType,
      proxy_type: proxyType,
      isolation: worker.isolation,
      instances: alive.length,
      health: status,
      reasons: [...reasons],
      limits: {
        max_connections: service.maxConnections,
        max_memory_mb: maxMemoryBytes / mebibyte,
        max_cpu_percent: maxCpuPercent,
      },
      use: {
        connections: active_connections,
        memory_bytes: most((id) => samples.of(id)?.memoryBytes ?? 0),
        cpu_percent: most((id) => watch.cpuPercentOf(id)),
        loop_utilization: most((id) => samples.of(id)?.loopUtilization ?? 0),
      },
      requests_total: total_requests,
      requests_per_sec: rounded(perSecond),
      p50_ms: p50Ms === null ? null : rounded(p50Ms),
      p99_ms: p99Ms === null ? null : rounded(p99Ms),
      error_rate: rounded(errors),
      restarts: typeof restarts === 'number' ? restarts : 0,
    }
  }

  #aliveInstances(worker: string): readonly string[] {
    return this.#parts.channels
      .all()
      .map(({ id }) => id)
      .filter((id) => isInstanceOf(id, worker))
      .filter((id) => isCounted(this.#parts.journal.stateOf(id)))
  }
}
