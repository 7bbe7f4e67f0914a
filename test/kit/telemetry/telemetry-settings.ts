/** Telemetry settings from a configuration block. */
import { tmpdir } from 'node:os'
import { parseConfig } from '../../../src/config/load.ts'
import type { TelemetrySettings } from '../../../src/telemetry/export/settings.ts'

/** Settings of a `telemetry` block, or the defaults without one. */
export function settingsOf(
  telemetry: Record<string, unknown> | undefined,
  env: Record<string, string> = {},
): TelemetrySettings | null {
  const text = JSON.stringify({ mode: 'Forward', listen_addr: '127.0.0.1:0', telemetry })
  return parseConfig(text, { file: 'test.json', baseDir: tmpdir(), env }).settings.telemetry
}
