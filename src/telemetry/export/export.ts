/**
 * Main's entry point to telemetry export. The SDK is loaded only if something is exported; otherwise every
 * call is a no-op.
 */
import { isAtLeast, type Log } from '../log/log.ts'
import { recordOfLine } from '../log/log-record.ts'
import type { TelemetrySettings } from './settings.ts'
import type { SdkOptions, Telemetry } from './telemetry.ts'

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
    options.log('error', 'telemetry could not start; nothing is exported', { reason })
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
