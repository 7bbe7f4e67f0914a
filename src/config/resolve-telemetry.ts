/** `telemetry` and the OTEL_* variables -> what is exported, where to and how. What the file says wins, key by key. */
import { accessSync, constants } from 'node:fs'
import { resolve } from 'node:path'
import type { ExporterSettings, Signal, TelemetrySettings } from '../telemetry/settings.ts'
import { OtelEnvironment } from './environment.ts'
import { collectorUrlFault } from './fields.ts'
import type { Environment } from './keyring.ts'
import { milliseconds } from './resolve-listeners.ts'
import { levelOf } from './resolve-logging.ts'
import type { Config } from './schema.ts'

type Block = NonNullable<Config['telemetry']>
type Protocol = ExporterSettings['protocol']

const otlp = 'OTEL_EXPORTER_OTLP'

/** Null: nothing is exported. `open` decrypts `{encrypted}` values. */
export function resolveTelemetry(
  block: Block | undefined,
  env: Environment,
  open: (value: string) => string,
): TelemetrySettings | null {
  const environment = new OtelEnvironment(env)
  if (block?.enabled === false || environment.is('OTEL_SDK_DISABLED')) return null
  const reader = new Reader(block, environment, open)
  const settings: TelemetrySettings = {
    metrics: reader.metrics(),
    traces: reader.traces(),
    logs: reader.logs(),
    resource: block?.resource ?? {},
    warnings: environment.warnings,
  }
  // With a warning alone there is somebody who believes that it is on.
  const isNothing = settings.metrics === null && settings.traces === null && settings.logs === null
  return isNothing && settings.warnings.length === 0 ? null : settings
}

class Reader {
  readonly #block: Block | undefined
  readonly #env: OtelEnvironment
  readonly #open: (value: string) => string

  constructor(block: Block | undefined, env: OtelEnvironment, open: (value: string) => string) {
    this.#block = block
    this.#env = env
    this.#open = open
  }

  metrics(): TelemetrySettings['metrics'] {
    const env = this.#env
    const exporter = this.#isOn('metrics', this.#block?.metrics.enabled) ? this.#exporter('metrics') : null
    if (exporter === null) return null
    const own = this.#block?.metrics.interval_secs
    const intervalMs =
      own === undefined ? (env.count('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000) : milliseconds(own)
    const timeoutMs = env.count('OTEL_METRIC_EXPORT_TIMEOUT') ?? 30_000
    if (env.text(`${otlp}_METRICS_TEMPORALITY_PREFERENCE`)?.toLowerCase() === 'delta') {
      env.warn(`${otlp}_METRICS_TEMPORALITY_PREFERENCE`, 'metrics are cumulative here; see cumulativetodelta')
    }
    return { exporter, intervalMs, timeoutMs: Math.min(timeoutMs, intervalMs) }
  }

  traces(): TelemetrySettings['traces'] {
    const exporter = this.#isOn('traces', this.#block?.traces.enabled) ? this.#exporter('traces') : null
    if (exporter === null) return null
    const maxSpansPerSecond = this.#block?.traces.max_spans_per_sec ?? 2000
    return { exporter, batch: this.#batch('OTEL_BSP', 5_000), maxSpansPerSecond }
  }

  logs(): TelemetrySettings['logs'] {
    const isWanted =
      this.#block?.logs.enabled ??
      (this.#env.text('OTEL_LOGS_EXPORTER') !== undefined ||
        this.#env.text(`${otlp}_LOGS_ENDPOINT`) !== undefined)
    const exporter = this.#isOn('logs', isWanted) ? this.#exporter('logs') : null
    if (exporter === null) return null
    return {
      exporter,
      batch: this.#batch('OTEL_BLRP', 1_000),
      level: levelOf(this.#block?.logs.level ?? 'info'),
      accessLog: this.#block?.logs.access_log ?? false,
    }
  }

  #isOn(signal: Signal, isWanted = true): boolean {
    const name = `OTEL_${signal.toUpperCase()}_EXPORTER`
    const words = this.#env
      .text(name)
      ?.split(',')
      .map((word) => word.trim()) ?? ['otlp']
    if (words.includes('none')) return false
    if (words.some((word) => word !== 'otlp')) this.#env.warn(name, 'there are otlp and none here')
    return isWanted
  }

  #exporter(signal: Signal): ExporterSettings | null {
    const own = `${otlp}_${signal.toUpperCase()}`
    const env = this.#env
    const protocol =
      this.#block?.protocol ??
      env.oneOf<Protocol>(['http/protobuf', 'grpc'], `${own}_PROTOCOL`, `${otlp}_PROTOCOL`) ??
      'http/protobuf'
    const url = this.#url(signal, protocol)
    if (url === null) return null
    const { timeout_secs: timeout, tls } = this.#block ?? {}
    const pem = (given: string | undefined, name: string) =>
      tls === undefined ? this.#file(`${own}_${name}`, `${otlp}_${name}`) : (given ?? null)
    return {
      url,
      protocol,
      headers: this.#headers(own),
      timeoutMs:
        timeout === undefined
          ? (env.count(`${own}_TIMEOUT`, `${otlp}_TIMEOUT`) ?? 10_000)
          : milliseconds(timeout),
      compression:
        this.#block?.compression ??
        env.oneOf(['gzip', 'none'], `${own}_COMPRESSION`, `${otlp}_COMPRESSION`) ??
        'none',
      tls: {
        caFile: pem(tls?.ca, 'CERTIFICATE'),
        certFile: pem(tls?.cert, 'CLIENT_CERTIFICATE'),
        keyFile: pem(tls?.key, 'CLIENT_KEY'),
      },
    }
  }

  #url(signal: Signal, protocol: Protocol): string | null {
    const { endpoint } = this.#block ?? {}
    const name = `${otlp}_${signal.toUpperCase()}_ENDPOINT`
    const own = endpoint === undefined ? this.#endpoint(name, protocol) : undefined
    // The variable of a signal is the whole URL.
    if (own !== undefined) return own
    const fallback = protocol === 'grpc' ? 'http://localhost:4317' : 'http://localhost:4318'
    const base =
      endpoint ??
      this.#endpoint(`${otlp}_ENDPOINT`, protocol) ??
      (this.#block === undefined ? undefined : fallback)
    if (base === undefined) return null
    return protocol === 'grpc' ? base : `${base.replace(/\/$/, '')}/v1/${signal}`
  }

  #endpoint(name: string, protocol: Protocol): string | undefined {
    return this.#env.read([name], 'must be an http: or https: URL without user name', (value) => {
      const isInsecure = this.#env.is(`${otlp}_INSECURE`)
      // gRPC knows host:port, too.
      const hasScheme = /^[a-z]+:\/\//i.test(value)
      const url = hasScheme || protocol !== 'grpc' ? value : `${isInsecure ? 'http' : 'https'}://${value}`
      return collectorUrlFault(url) === undefined ? url : undefined
    })
  }

  #headers(own: string): Readonly<Record<string, string>> {
    const given = Object.entries(this.#block?.headers ?? {})
    const all = [
      ...Object.entries(this.#env.pairs(`${otlp}_HEADERS`, `${own}_HEADERS`)),
      ...given.map(([name, value]) => [name, this.#open(value)] as const),
    ]
    return Object.fromEntries(all.map(([name, value]) => [name.toLowerCase(), value]))
  }

  #file(...names: readonly string[]): string | null {
    const file = this.#env.read(names, 'must be a file that can be read', (value) => {
      const path = resolve(value)
      try {
        accessSync(path, constants.R_OK)
        return path
      } catch {
        return undefined
      }
    })
    return file ?? null
  }

  #batch(prefix: string, delayMs: number) {
    const env = this.#env
    const maxQueue = env.count(`${prefix}_MAX_QUEUE_SIZE`) ?? 2_048
    return {
      maxQueue,
      maxBatch: Math.min(env.count(`${prefix}_MAX_EXPORT_BATCH_SIZE`) ?? 512, maxQueue),
      delayMs: env.count(`${prefix}_SCHEDULE_DELAY`) ?? delayMs,
      exportTimeoutMs: env.count(`${prefix}_EXPORT_TIMEOUT`) ?? 30_000,
    }
  }
}
