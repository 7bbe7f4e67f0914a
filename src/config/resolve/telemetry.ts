/** `telemetry` and the OTEL_* variables -> what is exported, where to and how. What the file says wins, key by key. */
import type { DiagnosticsLevel, Signal, TelemetrySettings } from '../../telemetry/export/settings.ts'
import type { Config } from '../schema/schema.ts'
import type { OtelEnvironment } from './environment.ts'
import { ExporterReader, endpointVariable } from './exporter.ts'
import { decodeKeyPairs } from './key-pairs.ts'
import { toMs } from './listeners.ts'
import { levelOf } from './logging.ts'

type Block = NonNullable<Config['telemetry']>

const diagnosticsLevels: readonly DiagnosticsLevel[] = [
  'none',
  'error',
  'warn',
  'info',
  'debug',
  'verbose',
  'all',
]

/** Null: nothing is exported, and nothing of the environment is to be told. `open` decrypts `{encrypted}` values. */
export function resolveTelemetry(
  block: Block | undefined,
  env: OtelEnvironment,
  open: (value: string) => string,
): TelemetrySettings | null {
  if (block?.enabled === false) return null
  const isOff = env.is('OTEL_SDK_DISABLED')
  const reader = isOff ? null : new Reader(block, env, open)
  reader?.tellAbsent()
  const settings: TelemetrySettings = {
    metrics: reader?.metrics() ?? null,
    traces: reader?.traces() ?? null,
    logs: reader?.logs() ?? null,
    resource: { ...reader?.resource(), ...block?.resource },
    diagnostics: isOff ? null : (env.oneOf(diagnosticsLevels, 'OTEL_LOG_LEVEL') ?? null),
    warnings: env.warnings,
  }
  // With a warning alone there is somebody who believes that it is on.
  const isNothing = settings.metrics === null && settings.traces === null && settings.logs === null
  return isNothing && settings.warnings.length === 0 ? null : settings
}

/** What OpenTelemetry's list has and nothing here does, and what to use. */
const absent: Readonly<Record<string, string>> = {
  OTEL_CONFIG_FILE: 'this configuration is the one that is read; see telemetry and tracing',
  OTEL_EXPERIMENTAL_CONFIG_FILE: 'this configuration is the one that is read; see telemetry and tracing',
  OTEL_ENTITIES: 'there are no entities here; put their attributes into OTEL_RESOURCE_ATTRIBUTES',
  OTEL_EXPORTER_PROMETHEUS_HOST: '/metrics is answered by admin; see admin.listen_addr',
  OTEL_EXPORTER_PROMETHEUS_PORT: '/metrics is answered by admin; see admin.listen_addr',
}

class Reader {
  readonly #block: Block | undefined
  readonly #env: OtelEnvironment
  readonly #exporters: ExporterReader

  constructor(block: Block | undefined, env: OtelEnvironment, open: (value: string) => string) {
    this.#block = block
    this.#env = env
    this.#exporters = new ExporterReader(block, env, open)
  }

  tellAbsent(): void {
    for (const [name, right] of Object.entries(absent)) {
      if (this.#env.find(name) !== undefined) this.#env.warn(name, right)
    }
  }

  metrics(): TelemetrySettings['metrics'] {
    const env = this.#env
    const exporter = this.#isOn('metrics', this.#block?.metrics.enabled)
      ? this.#exporters.read('metrics')
      : null
    if (exporter === null) return null
    const own = this.#block?.metrics.interval_secs
    const intervalMs = own === undefined ? (env.count('OTEL_METRIC_EXPORT_INTERVAL') ?? 60_000) : toMs(own)
    const timeoutMs = env.timeout('OTEL_METRIC_EXPORT_TIMEOUT') ?? 30_000
    this.#only('OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'cumulative', 'see cumulativetodelta')
    this.#only(
      'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
      'explicit_bucket_histogram',
      'the buckets are in docs/metrics.md',
    )
    this.#only('OTEL_METRICS_EXEMPLAR_FILTER', 'always_off', 'there are no exemplars')
    return { exporter, intervalMs, timeoutMs: Math.min(timeoutMs, intervalMs) }
  }

  traces(): TelemetrySettings['traces'] {
    const exporter = this.#isOn('traces', this.#block?.traces.enabled) ? this.#exporters.read('traces') : null
    if (exporter === null) return null
    const env = this.#env
    return {
      exporter,
      batch: this.#batch('OTEL_BSP', 5_000),
      maxSpansPerSecond: this.#block?.traces.max_spans_per_sec ?? 2000,
      limits: {
        ...this.#limits('OTEL_SPAN'),
        maxEvents: env.wholeNumber('OTEL_SPAN_EVENT_COUNT_LIMIT') ?? 128,
        maxEventAttributes:
          env.wholeNumber('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT') ?? 128,
        maxLinks: env.wholeNumber('OTEL_SPAN_LINK_COUNT_LIMIT') ?? 128,
      },
    }
  }

  logs(): TelemetrySettings['logs'] {
    const isWanted =
      this.#block?.logs.enabled ??
      (this.#env.text('OTEL_LOGS_EXPORTER') !== undefined ||
        this.#env.text(endpointVariable('logs')) !== undefined)
    const exporter = this.#isOn('logs', isWanted) ? this.#exporters.read('logs') : null
    if (exporter === null) return null
    return {
      exporter,
      batch: this.#batch('OTEL_BLRP', 1_000),
      level: levelOf(this.#block?.logs.level ?? 'info'),
      accessLog: this.#block?.logs.access_log ?? false,
      limits: this.#limits('OTEL_LOGRECORD'),
    }
  }

  /** Of who we are: a name of its own wins over one among the attributes. */
  resource(): Readonly<Record<string, string>> {
    const attributes = this.#env.read(
      ['OTEL_RESOURCE_ATTRIBUTES'],
      'must be name=value pairs with commas between them, percent-encoded',
      (value) => decodeKeyPairs(value, (name) => /^\S{1,255}$/.test(name)),
    )
    const name = this.#env.text('OTEL_SERVICE_NAME')
    return { ...attributes, ...(name === undefined ? {} : { 'service.name': name }) }
  }

  /** Of the values that a variable may have only one is what happens here. */
  #only(name: string, word: string, right: string): void {
    const given = this.#env.text(name)
    if (given !== undefined && given.toLowerCase() !== word)
      this.#env.warn(name, `there is ${word} only; ${right}`)
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

  #batch(prefix: string, delayMs: number) {
    const env = this.#env
    const maxQueue = env.count(`${prefix}_MAX_QUEUE_SIZE`) ?? 2_048
    return {
      maxQueue,
      maxBatch: Math.min(env.count(`${prefix}_MAX_EXPORT_BATCH_SIZE`) ?? 512, maxQueue),
      delayMs: env.wholeNumber(`${prefix}_SCHEDULE_DELAY`) ?? delayMs,
      exportTimeoutMs: env.timeout(`${prefix}_EXPORT_TIMEOUT`) ?? 30_000,
    }
  }

  #limits(prefix: string) {
    const variables = (what: string) => [`${prefix}_ATTRIBUTE_${what}_LIMIT`, `OTEL_ATTRIBUTE_${what}_LIMIT`]
    return {
      maxAttributes: this.#env.wholeNumber(...variables('COUNT')) ?? 128,
      maxCharacters: this.#env.wholeNumber(...variables('VALUE_LENGTH')) ?? Number.POSITIVE_INFINITY,
    }
  }
}
