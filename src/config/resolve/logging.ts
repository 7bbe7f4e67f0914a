/** Settings of the daemon's own log. */
import type { LogLevel } from '../../telemetry/log/log.ts'
import type { LoggingSettings } from '../../telemetry/log/target-settings.ts'
import type { Config } from '../schema/schema.ts'

/** Null if the file does not configure the log. */
export function resolveLogging(block: Config['logging']): LoggingSettings | null {
  if (block === undefined) return null
  return {
    targets: block.targets.map((target) => ({
      type: target.type,
      path: target.path ?? null,
      level: levelOf(target.level ?? block.level),
      format: target.format ?? block.format,
    })),
  }
}

/** `trace` is accepted for files of the Rust project; `debug` is the lowest level here. */
export function levelOf(level: LogLevel | 'trace'): LogLevel {
  return level === 'trace' ? 'debug' : level
}
