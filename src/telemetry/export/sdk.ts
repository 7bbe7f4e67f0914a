/** The OpenTelemetry SDK in the main thread. Loaded only if telemetry is exported, and never by instances. */
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { PeriodicExportingMetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import { Allowance } from '../log/allowance.ts'
import type { LogRecord } from '../log/log-record.ts'
import type { SpanRecord } from '../trace/span-record.ts'
import { readableLogRecord } from './log-export.ts'
import { type Items, openExporter } from './sdk-exporters.ts'
import { sayDiagnostics, withoutGlobals } from './sdk-globals.ts'
import { originOf } from './sdk-resource.ts'
import type { BatchSettings, ExporterSettings, Signal } from './settings.ts'
import { type Origin, readableSpan } from './span-export.ts'
import type { Drops, SdkOptions, Telemetry } from './telemetry.ts'
import { ExportTrouble } from './trouble.ts'
import { WatchedExporter } from './watched-exporter.ts'

/** Throws Node's error if a TLS file can no longer be read. */
export async function startSdk(options: SdkOptions): Promise<Telemetry> {
  const sdk = new Sdk(options)
  await sdk.start()
  return sdk
}

class Sdk implements Telemetry {
  readonly #options: SdkOptions
  readonly #now: () => number
  readonly #origin: Origin
  readonly #lost = { spans: 0, metrics: 0, logs: 0 }
  readonly #closers: (() => void)[] = []
  /** Items in the processors' queues. */
  readonly #waiting = { spans: 0, logs: 0 }
  readonly #allowance: Allowance
  #sdk: NodeSDK | null = null
  #reader: PeriodicExportingMetricReader | null = null
  #spans: BatchSpanProcessor | null = null
  #logs: BatchLogRecordProcessor | null = null
  #abandon = (): void => {}
  #isClosed = false

  constructor(options: SdkOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#origin = originOf(options.settings.resource)
    this.#allowance = new Allowance(options.settings.traces?.maxSpansPerSecond ?? 1, this.#now())
  }

  async start(): Promise<void> {
    const { settings, metricProducers = [] } = this.#options
    const { metrics, traces, logs } = settings
    if (metrics !== null) {
      this.#reader = new PeriodicExportingMetricReader({
        exporter: await this.#open('metrics', metrics.exporter, countPoints),
        exportIntervalMillis: metrics.intervalMs,
        exportTimeoutMillis: metrics.timeoutMs,
        metricProducers: [...metricProducers],
      } as ConstructorParameters<typeof PeriodicExportingMetricReader>[0])
    }
    if (traces !== null) {
      const exporter = await this.#open('traces', traces.exporter, (spans) => spans.length)
      this.#spans = new BatchSpanProcessor({ exporter, ...batchOptions(traces.batch) })
    }
    if (logs !== null) {
      const exporter = await this.#open('logs', logs.exporter, (records) => records.length)
      this.#logs = new BatchLogRecordProcessor({ exporter, ...batchOptions(logs.batch) })
    }
    const sdk = new NodeSDK({
      resource: this.#origin.resource,
      autoDetectResources: false,
      contextManager: null,
      textMapPropagator: null,
      metricReaders: this.#reader === null ? [] : [this.#reader],
      spanProcessors: this.#spans === null ? [] : [this.#spans],
      logRecordProcessors: this.#logs === null ? [] : [this.#logs],
    } as unknown as ConstructorParameters<typeof NodeSDK>[0])
    const { log, diagnostics = log } = this.#options
    if (settings.diagnostics !== null) sayDiagnostics(diagnostics, settings.diagnostics)
    withoutGlobals(() => sdk.start())
    this.#sdk = sdk
  }

  exportSpans(spans: readonly SpanRecord[]): void {
    const { traces } = this.#options.settings
    if (traces === null || this.#spans === null || this.#isClosed) return
    const now = this.#now()
    for (const span of spans) {
      if (this.#waiting.spans >= traces.batch.maxQueue || !this.#allowance.take(now)) {
        this.#lost.spans += 1
        continue
      }
      this.#waiting.spans += 1
      this.#spans.onEnd(readableSpan(span, this.#origin, traces.limits))
    }
  }

  emitLog(record: LogRecord): void {
    const { logs } = this.#options.settings
    if (logs === null || this.#logs === null || this.#isClosed) return
    if (this.#waiting.logs >= logs.batch.maxQueue) {
      this.#lost.logs += 1
      return
    }
    this.#waiting.logs += 1
    // The processor only reads the record, so a finished one fits although its type asks for the SDK's own.
    const finished = readableLogRecord(record, this.#origin, logs.limits, Date.now())
    this.#logs.onEmit(finished as Parameters<BatchLogRecordProcessor['onEmit']>[0])
  }

  drops(): Drops {
    return { ...this.#lost }
  }

  async flush(withinMs: number): Promise<void> {
    const parts = [this.#spans?.forceFlush(), this.#logs?.forceFlush(), this.#reader?.forceFlush()]
    await within(withinMs, Promise.allSettled(parts))
  }

  async close(withinMs: number): Promise<void> {
    if (this.#isClosed) {
      this.#abandon()
      return
    }
    this.#isClosed = true
    const abandoned = new Promise<void>((resolve) => {
      this.#abandon = resolve
    })
    const done = this.#sdk?.shutdown().catch(() => {})
    if (withinMs > 0) await within(withinMs, Promise.race([done, abandoned]))
    for (const close of this.#closers) close()
    const left = { spans: this.#waiting.spans, logs: this.#waiting.logs }
    this.#lost.spans += left.spans
    this.#lost.logs += left.logs
  }

  async #open<Kind extends Signal>(
    signal: Kind,
    settings: ExporterSettings,
    sizeOf: (items: Items[Kind]) => number,
  ): Promise<WatchedExporter<Items[Kind]>> {
    const counted: keyof Drops = signal === 'traces' ? 'spans' : (signal as 'metrics' | 'logs')
    const { exporter: inner, cutOff, close } = await openExporter(signal, settings)
    this.#closers.push(close)
    const trouble = new ExportTrouble({ signal, url: settings.url, log: this.#options.log, now: this.#now })
    return new WatchedExporter({
      inner,
      timeoutMs: settings.timeoutMs,
      sizeOf,
      cutOff,
      onTaken: (count) => {
        if (counted !== 'metrics') this.#waiting[counted] -= count
      },
      onEnd: (count, error) => {
        if (error === null) {
          trouble.succeeded()
          return
        }
        this.#lost[counted] += count
        trouble.failed(count, error)
      },
    })
  }
}

const batchOptions = (batch: BatchSettings) => ({
  maxQueueSize: batch.maxQueue,
  maxExportBatchSize: batch.maxBatch,
  scheduledDelayMillis: batch.delayMs,
  exportTimeoutMillis: batch.exportTimeoutMs,
})

function countPoints({ scopeMetrics }: ResourceMetrics): number {
  let points = 0
  for (const { metrics } of scopeMetrics) for (const { dataPoints } of metrics) points += dataPoints.length
  return points
}

/** Resolves with `done`, or after `ms`. */
async function within(ms: number, done: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  await Promise.race([done, promise])
  clearTimeout(timer)
}
