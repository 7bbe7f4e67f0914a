/** The telemetry lines of `--check`. */
import type { TelemetrySettings } from '../telemetry/export/settings.ts'

/** Lists where each signal goes, and which OTEL_* variables are ignored; the configuration file shows neither. */
export function describeTelemetry(settings: TelemetrySettings | null): string {
  if (settings === null) return ''
  const { metrics, traces, logs, warnings } = settings
  const to = (name: string, part: { readonly exporter: { readonly url: string } } | null) =>
    part === null ? `no ${name}` : `${name} to ${part.exporter.url}`
  const lines = [
    `telemetry: ${[to('metrics', metrics), to('traces', traces), to('logs', logs)].join(', ')}`,
    ...warnings,
  ]
  return lines.map((line) => `${line}\n`).join('')
}
