/** Main's door to telemetry. What is behind it is loaded where something is exported; without, everything here does nothing. */
import type { MetricProducer } from '@opentelemetry/sdk-metrics'
import { isAtLeast, type Log } from './log.ts'
import { type LogRecord, recordOfLine } from './log-record.ts'
import type { TelemetrySettings } from './settings.ts'
import type { SpanRecord } from './span-record.ts'

/** What was not exported, since the start: spans, data points of metrics, log records. */
export interface Drops {
  readonly spans: number
  readonly metrics: number
  readonly logs: number
}

export interface SdkOptions {
  readonly settings: TelemetrySettings
  /** Told of exports that fail. */
  readonly log: Log
  /** Where the SDK's own words go; not exported, or each export would be the reason of the next. `log` when it is left out. */
  readonly diagnostics?: Log
  readonly metricProducers?: readonly MetricProducer[]
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number
}

export interface Telemetry {
  /** Never waits; what has no room is dropped and counted. */
  exportSpans(spans: readonly SpanRecord[]): void
  emitLog(record: LogRecord): void
  drops(): Drops
  /** Resolves when what waits is sent or lost, or after so long. */
  flush(withinMs: number): Promise<void>
  /** Sends what waits, for so long at most, and ends. A later call ends it at once. */
  close(withinMs: number): Promise<void>
}

const nothing: Telemetry = {
  exportSpans() {},
  emitLog() {},
  drops: () => ({ spans: 0, metrics: 0, logs: 0 }),
  async flush() {},
  async close() {},
}

/** Not so where all that there is are warnings. */
export const isExporting = (settings: TelemetrySettings | null): settings is TelemetrySettings =>
  settings !== null && (settings.metrics !== null || settings.traces !== null || settings.logs !== null)

/** Never throws: that telemetry cannot be started is told, and the daemon goes on without. */
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

/** A log whose lines are exported, from the level on that is configured. */
export function exportingLog(settings: TelemetrySettings | null, emit: Telemetry['emitLog']): Log {
  const least = settings?.logs?.level
  if (least === undefined) return () => {}
  return (level, message, fields = {}) => {
    // Moves of charts are events, whatever the level of their lines.
    if ('actor' in fields || isAtLeast(level, least)) emit(recordOfLine(Date.now(), level, message, fields))
  }
}
