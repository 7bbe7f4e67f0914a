import type { TelemetrySettings } from '../telemetry/export/settings.ts'

/** What --check says of telemetry beyond the file: where the environment sends it, and what of the environment is ignored. */
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
