/**
 * Main's entry point to telemetry export. The SDK is loaded only if something is exported; otherwise every
 * call is a no-op.
 */
import type { MetricProducer } from '@opentelemetry/sdk-metrics'
import { isAtLeast, type Log } from '../log/log.ts'
import { type LogRecord, recordOfLine } from '../log/log-record.ts'
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

const nothing: Telemetry = {
  exportSpans() {},
  emitLog() {},
  drops: () => ({ spans: 0, metrics: 0, logs: 0 }),
  async flush() {},
  async close() {},
}

/** False if the settings contain nothing but warnings. */
export const isExporting = (settings: TelemetrySettings | null): settings is TelemetrySettings =>
  settings !== null && (settings.metrics !== null || settings.traces !== null || settings.logs !== null)

/** Never throws: if telemetry cannot start, that is logged and the daemon runs without it. */
export async function startTelemetry(
  settings: TelemetrySettings | null,
  options: Omit<SdkOptions, 'settings'>,
): Promise<Telemetry> {
  if (settings === null) return nothing
  for (const warning of settings.warnings) options.log('warn', warning)
  if (!isExporting(settings)) return nothing
  try {
    const { startSdk } = await import('./sdk.ts')
    return await startSdk({ ...options, settings })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    options.log('error', 'telemetry cannot be started, nothing is exported', { reason })
    return nothing
  }
}

/** A log whose lines are exported from the configured level on. */
export function exportingLog(settings: TelemetrySettings | null, emit: Telemetry['emitLog']): Log {
  const least = settings?.logs?.level
  if (least === undefined) return () => {}
  return (level, message, fields = {}) => {
    // Chart moves are events and are exported at any level.
    if ('actor' in fields || isAtLeast(level, least)) emit(recordOfLine(Date.now(), level, message, fields))
  }
}
