/** The interface of telemetry export, shared by its entry point and the SDK behind it. */
import type { MetricProducer } from '@opentelemetry/sdk-metrics'
import type { Log } from '../log/log.ts'
import type { LogRecord } from '../log/log-record.ts'
import type { SpanRecord } from '../trace/span-record.ts'
import type { TelemetrySettings } from './settings.ts'

/** Items lost since the start: spans, metric data points, log records. */
export interface Drops {
  readonly spans: number
  readonly metrics: number
  readonly logs: number
}

export interface SdkOptions {
  readonly settings: TelemetrySettings
  /** Receives reports about failing exports. */
  readonly log: Log
  /**
   * Receives the SDK's own diagnostics, `log` by default. These are never exported, because every export
   * could cause the next.
   */
  readonly diagnostics?: Log
  readonly metricProducers?: readonly MetricProducer[]
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number
}

export interface Telemetry {
  /** Never blocks; items without room are dropped and counted. */
  exportSpans(spans: readonly SpanRecord[]): void
  emitLog(record: LogRecord): void
  drops(): Drops
  /** Resolves when waiting items are sent or lost, or after the time limit. */
  flush(withinMs: number): Promise<void>
  /** Sends waiting items within the time limit and closes. A second call closes at once. */
  close(withinMs: number): Promise<void>
}
