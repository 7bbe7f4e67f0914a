/**
 * The public library: a bridge inside another program. It adds no signal handlers, never ends the process and prints nothing.
 * `close()` resolves when everything it started has ended. The names are the seed's (S031-S083, S164-S170).
 */

import { cwd } from 'node:process'
import { parseAddress } from './config/address/address.ts'
import { parseConfig } from './config/load.ts'
import type { ConfigInput } from './config/schema/schema.ts'
import type { ListenAddress } from './config/settings/settings.ts'
import { startDaemon } from './daemon.ts'
import { BifrostError } from './errors.ts'
import { serviceNames } from './service-names.ts'
import type { Daemon } from './supervise/daemon-contract.ts'
import type { HealthReport, WorkerHealth } from './supervise/views/shapes.ts'
import { type Log, tee } from './telemetry/log/log.ts'
import { type OpenLog, openLog } from './telemetry/log/log-targets.ts'
import type { CounterValues } from './telemetry/metrics/counters.ts'
import { exportMetrics as formatMetrics } from './telemetry/metrics/text/prometheus.ts'

export const ProxyType = Object.freeze({
  ForwardProxy: 'ForwardProxy',
  ReverseProxy: 'ReverseProxy',
  StaticFiles: 'StaticFiles',
  Combined: 'Combined',
})
export type ProxyType = keyof typeof ProxyType

export interface BridgeOptions {
  /**
   * Receives the daemon's log lines, in addition to the targets of a `logging` block. By default there is no
   * receiver.
   */
  readonly log?: Log
  /** Base of relative directories in the configuration; the working directory by default. */
  readonly baseDir?: string
}

export interface Bridge extends AsyncDisposable {
  /** Addresses of each worker, with the ports that the kernel chose. */
  readonly addresses: Readonly<Record<string, readonly ListenAddress[]>>
  /** Health of every worker (S136). */
  healthCheck(): HealthReport
  /** Prometheus text of all workers (S145). */
  exportMetrics(): string
  /** Counters of a worker: `forward_proxy`, `reverse_proxy` or `static_files`; null if it does not run. */
  counters(worker: string): CounterValues | null
  /** Reopens log files. Call it after they were renamed. */
  reopenLogs(): void
  /** Drains within the configured deadline; resolves when nothing is left. */
  close(): Promise<void>
}

/**
 * Starts workers from a configuration in the language of the configuration file, and resolves when they serve. Admin is off
 * unless the configuration has an `admin` block, and so is telemetry, whatever OTEL_* variables the program has. Throws BifrostError CONFIG_INVALID (every bad field at once), LISTEN_FAILED.
 */
export async function createBridge(config: ConfigInput, options: BridgeOptions = {}): Promise<Bridge> {
  const text = JSON.stringify({ admin: { enabled: false }, telemetry: { enabled: false }, ...config })
  const { settings, positions, secretsDecrypted, warnings } = parseConfig(text, {
    file: 'configuration',
    baseDir: options.baseDir ?? cwd(),
  })
  const places = settings.logging === null ? null : openLog(settings.logging)
  const log = tee(options.log ?? (() => {}), ...(places === null ? [] : [places.log]))
  for (const warning of warnings) log('warn', warning)
  try {
    const daemon = await startDaemon(settings, {
      log,
      positions,
      secretsDecrypted,
      ...(places === null ? {} : { logDropped: () => places.dropped() }),
    })
    await daemon.running
    return bridgeOf(daemon, places)
  } catch (error) {
    await places?.close()
    throw error
  }
}

function bridgeOf(daemon: Daemon, places: OpenLog | null): Bridge {
  const close = async () => {
    daemon.stop()
    await daemon.stopped
    await places?.close()
  }
  return {
    addresses: daemon.addresses(),
    healthCheck: () => daemon.overview.health(),
    exportMetrics: () => formatMetrics(daemon.overview.metrics()),
    counters: (worker) => daemon.overview.counters(worker),
    reopenLogs() {
      daemon.reopenLogs()
      places?.reopen()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface LimitValues {
  readonly maxConnections: number
  readonly maxMemoryMb: number
  /** Share of the CPU available, 100 = all of it. */
  readonly maxCpuPercent: number
  /** Null where there is no upstream (D10). */
  readonly connectionTimeoutSecs: number | null
  readonly idleTimeoutSecs: number
}

/** Input of `enforceLimits`, from the worker's own measurement (D08). */
export interface LimitReading {
  readonly connectionsActive: number
  readonly memoryMb: number
}

/** Limits of a worker (S043-S051). Throws CONFIG_INVALID for one that is not a positive number. */
export class WorkerResourceLimits implements LimitValues {
  readonly maxConnections: number
  readonly maxMemoryMb: number
  readonly maxCpuPercent: number
  readonly connectionTimeoutSecs: number | null
  readonly idleTimeoutSecs: number

  constructor(values: LimitValues) {
    for (const [name, value] of Object.entries(values)) {
      if (value === null || (Number.isFinite(value) && value > 0)) continue
      throw new BifrostError('CONFIG_INVALID', `${name} is ${value}; it must be a positive number`)
    }
    this.maxConnections = values.maxConnections
    this.maxMemoryMb = values.maxMemoryMb
    this.maxCpuPercent = values.maxCpuPercent
    this.connectionTimeoutSecs = values.connectionTimeoutSecs
    this.idleTimeoutSecs = values.idleTimeoutSecs
  }

  static defaultForForward(): WorkerResourceLimits {
    return limits(1000, 512, 50, 10, 90)
  }

  static defaultForReverse(): WorkerResourceLimits {
    return limits(2000, 1024, 80, 5, 60)
  }

  static defaultForStatic(): WorkerResourceLimits {
    return limits(500, 256, 30, null, 30)
  }

  /** True while there is room: a limit that is reached counts as exceeded (S157). */
  enforceLimits({ connectionsActive, memoryMb }: LimitReading): boolean {
    return connectionsActive < this.maxConnections && memoryMb < this.maxMemoryMb
  }
}

function limits(
  maxConnections: number,
  maxMemoryMb: number,
  maxCpuPercent: number,
  connectionTimeoutSecs: number | null,
  idleTimeoutSecs: number,
): WorkerResourceLimits {
  return new WorkerResourceLimits({
    maxConnections,
    maxMemoryMb,
    maxCpuPercent,
    connectionTimeoutSecs,
    idleTimeoutSecs,
  })
}

/** Settings of one worker beyond its limits, with the keys of the configuration file (`target`, `mounts`, `isolation`, ...). */
export type WorkerConfiguration = Readonly<Record<string, unknown>>

type SingleType = Exclude<ProxyType, 'Combined'>

const namesOf = (proxyType: SingleType) =>
  Object.values(serviceNames).find((one) => one.proxyType === proxyType) ?? serviceNames.combined

/** One worker of one type with limits and settings of its own (S033-S042). It does nothing until an adapter runs it. */
export class IsolatedWorker {
  readonly proxyType: SingleType
  readonly resourceLimits: WorkerResourceLimits
  readonly configuration: WorkerConfiguration
  #bridge: Bridge | null = null

  constructor(
    proxyType: SingleType,
    resourceLimits: WorkerResourceLimits,
    configuration: WorkerConfiguration = {},
  ) {
    this.proxyType = proxyType
    this.resourceLimits = resourceLimits
    this.configuration = configuration
  }

  /** Null while no adapter runs it. */
  get metrics(): CounterValues | null {
    return this.#bridge?.counters(namesOf(this.proxyType).key) ?? null
  }

  /** Null while no adapter runs it. */
  healthCheck(): WorkerHealth | null {
    return this.#bridge?.healthCheck().workers[namesOf(this.proxyType).key] ?? null
  }

  /** Starts it on an address. For its adapter. */
  async start(address: string, options: BridgeOptions): Promise<Bridge> {
    if (this.#bridge !== null)
      throw new BifrostError('LISTEN_FAILED', 'this worker already runs in an adapter')
    const { maxConnections, maxMemoryMb, maxCpuPercent, connectionTimeoutSecs, idleTimeoutSecs } =
      this.resourceLimits
    const { mode, key } = namesOf(this.proxyType)
    const block = {
      ...this.configuration,
      resource_limits: {
        max_connections: maxConnections,
        max_memory_mb: maxMemoryMb,
        max_cpu_percent: maxCpuPercent,
        idle_timeout_secs: idleTimeoutSecs,
        ...(connectionTimeoutSecs === null ? {} : { connection_timeout_secs: connectionTimeoutSecs }),
      },
    }
    const config = { mode, listen_addr: address, workers: { [key]: block } } as unknown as ConfigInput
    this.#bridge = await createBridge(config, options)
    return this.#bridge
  }
}

/** The seed's metric lines of one worker; empty while no adapter runs it (S145-S149). */
export function exportMetrics({ proxyType, metrics }: IsolatedWorker): string {
  if (metrics === null) return ''
  const { connectionsActive, requestsTotal, responseTimeMs, responsesTimed } = metrics
  const responseTimeSeconds = responsesTimed === 0 ? 0 : responseTimeMs / responsesTimed / 1000
  return formatMetrics([{ proxyType, connectionsActive, requestsTotal, responseTimeSeconds }])
}

export interface AdapterOptions extends BridgeOptions {
  readonly worker: IsolatedWorker
  /** `host:port`; port 0 lets the kernel choose. */
  readonly addr: string
}

/**
 * Runs a worker on an address (S073-S083, D05: one options object). Throws CONFIG_INVALID for a malformed
 * address.
 */
export class IsolatedProxyAdapter implements AsyncDisposable {
  readonly worker: IsolatedWorker
  readonly addr: string
  readonly #options: BridgeOptions
  #bridge: Bridge | null = null

  constructor({ worker, addr, ...options }: AdapterOptions) {
    const { fault } = parseAddress(addr)
    if (fault !== undefined) throw new BifrostError('CONFIG_INVALID', `addr: ${fault}`)
    this.worker = worker
    this.addr = addr
    this.#options = options
  }

  /** Resolves with the address once it serves. Throws CONFIG_INVALID, LISTEN_FAILED. */
  async run(): Promise<ListenAddress> {
    this.#bridge = await this.worker.start(this.addr, this.#options)
    const [address] = Object.values(this.#bridge.addresses).flat()
    if (address === undefined) throw new BifrostError('LISTEN_FAILED', 'the worker has no listening address')
    return address
  }

  async close(): Promise<void> {
    await this.#bridge?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
