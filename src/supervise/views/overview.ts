import type { Isolation, ServiceType } from '../../config/settings/settings.ts'
import type { CounterValues } from '../../telemetry/metrics/counters.ts'
import type { WorkerMetrics } from '../../telemetry/metrics/text/prometheus.ts'
import type { Channels } from '../channel/carrier.ts'
import type { Journal } from '../journal/journal.ts'
import type { LimitBook } from '../limits/limit-book.ts'
import type { Samples } from '../limits/samples.ts'
import type { Watch } from '../limits/watch.ts'
import type { Service } from '../services.ts'
import { type Health, health, missingInstances, plannedEndOf } from './health.ts'
import { RequestRates } from './request-rates.ts'

/**
 * What the admin interface may ask: the present of every worker as plain data. The keys of a worker's health are the
 * seed's (S143).
 */
export interface WorkerHealth {
  readonly proxy_type: string
  readonly status: Health['status']
  readonly reasons: readonly string[]
  readonly connection_utilization: number
  readonly memory_utilization: number
  readonly active_connections: number
  readonly total_requests: number
}

/** The latest sample of an instance. */
export interface InstanceUse {
  readonly instance: string
  /** Heap and what lies outside of it. */
  readonly memory_bytes: number
  /** Share of the CPU available to the daemon, as `max_cpu_percent`: 100 is all of it. */
  readonly cpu_percent: number
  /** Share of the time since the sample before that the event loop was busy, 0..1. */
  readonly loop_utilization: number
  /** 99th percentile of the event loop's delay over the last 10 s; 0 while the loop is idle. */
  readonly loop_delay_p99_ms: number
}

/** An actor as `/status` has it. */
export interface ActorState {
  readonly actor: string
  readonly state: string
  /** When it entered the state, ISO 8601. */
  readonly since: string
  readonly cause: string
}

export interface StateMove {
  readonly seq: number
  readonly at: string
  readonly actor: string
  readonly state: string
  /** Type of the event that caused it. */
  readonly cause: string
}

const isoTime = (at: number) => new Date(at).toISOString()

/** A service as the admin interface has it; see src/admin/api/schema/schema.ts. */
export interface WorkerView {
  readonly name: string
  readonly worker: string
  readonly type: ServiceType
  readonly proxy_type: string
  readonly isolation: Isolation
  readonly instances: number
  readonly health: Health['status']
  readonly reasons: string[]
  readonly limits: {
    readonly max_connections: number
    readonly max_memory_mb: number
    readonly max_cpu_percent: number
  }
  readonly use: {
    readonly connections: number
    readonly memory_bytes: number
    readonly cpu_percent: number
    readonly loop_utilization: number
  }
  readonly requests_total: number
  readonly requests_per_sec: number
  readonly p50_ms: number | null
  readonly p99_ms: number | null
  /** Failed requests of those of the last second, 0..1. */
  readonly error_rate: number
  readonly restarts: number
}

export interface HealthReport {
  readonly status: Health['status']
  readonly workers: Readonly<Record<string, WorkerHealth>>
}

const order: readonly Health['status'][] = ['Healthy', 'Warning', 'Critical']

/** The state that stands for all instances of a service: one that admits, if there is any. */
function mergeStates(states: readonly string[]): string | null {
  return (
    ['accepting', 'degraded', 'saturated', 'draining'].find((state) => states.includes(state)) ??
    states[0] ??
    null
  )
}

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
    const isSettled = ({ worker }: Service) =>
      /^(supervising\.(steady|restarting)|gaveUp)$/.test(
        this.#parts.journal.stateOf(`supervisor:${worker.name}`) ?? '',
      )
    const settled = this.#proxies().filter(isSettled)
    return Object.fromEntries(settled.map((service) => [service.name, this.#healthOf(service)]))
  }

  /** Of one worker, or of all. */
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

  /** Counters of a service by its name; null when there is none. */
  counters(name: string): CounterValues | null {
    return this.#parts.services.find((service) => service.name === name)?.counters() ?? null
  }

  /** What each instance uses; of one that could not be read there is nothing to tell. */
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
  moves(): readonly StateMove[] {
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
    const states = alive.flatMap((id) => this.#parts.journal.stateOf(`${id}/${service.type}`) ?? [])
    const supervisor = this.#parts.journal.stateOf(`supervisor:${service.worker.name}`)
    const { status, reasons, connectionUtilization, memoryUtilization } = health({
      isAlive: alive.length > 0,
      state: mergeStates(states),
      activeConnections: connectionsActive,
      maxConnections: service.maxConnections,
      // Each instance has the limit of the worker for itself; the fullest one counts.
      memoryBytes: Math.max(0, ...alive.map((id) => this.#parts.samples.of(id)?.memoryBytes ?? 0)),
      maxMemoryBytes: this.#parts.limits.of(service.worker.name).maxMemoryBytes,
      missing: missingInstances(supervisor, service.slots, alive.length),
      exceeded: alive.flatMap((id) => this.#parts.watch.reasonsOf(id)),
      // Its last state: the supervisor has ended when the daemon exports for the last time.
      plannedEnd: plannedEndOf(this.#parts.journal.view(`supervisor:${service.worker.name}`)?.state),
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
    const restarts = journal.digestOf(`supervisor:${worker.name}`)?.['restarts']
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
      .filter((id) => id.startsWith(`${worker}#`))
      .filter((id) => /^running\.(alive|draining)$/.test(this.#parts.journal.stateOf(id) ?? ''))
  }
}
