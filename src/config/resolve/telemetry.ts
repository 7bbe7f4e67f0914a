/** Settings of telemetry, from `telemetry` and OTEL_* variables. The file takes precedence, key by key. */
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

/** Null: nothing to export and no warnings. `open` decrypts `{encrypted}` values. */
export function resolveTelemetry(
  block: Block | undefined,
  env: OtelEnvironment,
  open: (value: string) => string,
): TelemetrySettings | null {
  if (block?.enabled === false) return null
  const isOff = env.is('OTEL_SDK_DISABLED')
  const reader = isOff ? null : new Reader(block, env, open)
  reader?.warnUnsupported()
  const settings: TelemetrySettings = {
    metrics: reader?.metrics() ?? null,
    traces: reader?.traces() ?? null,
    logs: reader?.logs() ?? null,
    resource: { ...reader?.resource(), ...block?.resource },
    diagnostics: isOff ? null : (env.oneOf(diagnosticsLevels, 'OTEL_LOG_LEVEL') ?? null),
    warnings: env.warnings,
  }
  // A warning without any signal still matters: the operator expects telemetry to be on.
  const isNothing = settings.metrics === null && settings.traces === null && settings.logs === null
  return isNothing && settings.warnings.length === 0 ? null : settings
}

/** Standard variables that are not supported, and what to use instead. */
const unsupported: Readonly<Record<string, string>> = {
  OTEL_CONFIG_FILE: 'not supported; use telemetry and tracing of the configuration file',
  OTEL_EXPERIMENTAL_CONFIG_FILE: 'not supported; use telemetry and tracing of the configuration file',
  OTEL_ENTITIES: 'not supported; put the attributes into OTEL_RESOURCE_ATTRIBUTES',
  OTEL_EXPORTER_PROMETHEUS_HOST: 'admin serves /metrics; see admin.listen_addr',
  OTEL_EXPORTER_PROMETHEUS_PORT: 'admin serves /metrics; see admin.listen_addr',
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

  warnUnsupported(): void {
    for (const [name, right] of Object.entries(unsupported)) {
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

  /** OTEL_SERVICE_NAME overrides service.name among the attributes. */
  resource(): Readonly<Record<string, string>> {
    const attributes = this.#env.read(
      ['OTEL_RESOURCE_ATTRIBUTES'],
      'must be name=value pairs separated by commas, percent-encoded',
      (value) => decodeKeyPairs(value, (name) => /^\S{1,255}$/.test(name)),
    )
    const name = this.#env.text('OTEL_SERVICE_NAME')
    return { ...attributes, ...(name === undefined ? {} : { 'service.name': name }) }
  }

  /** Warns unless the variable has the one supported value. */
  #only(name: string, word: string, right: string): void {
    const given = this.#env.text(name)
    if (given !== undefined && given.toLowerCase() !== word)
      this.#env.warn(name, `only ${word} is supported; ${right}`)
  }

  #isOn(signal: Signal, isWanted = true): boolean {
    const name = `OTEL_${signal.toUpperCase()}_EXPORTER`
    const words = this.#env
      .text(name)
      ?.split(',')
      .map((word) => word.trim()) ?? ['otlp']
    if (words.includes('none')) return false
    if (words.some((word) => word !== 'otlp')) this.#env.warn(name, 'supported are otlp and none')
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
