import type { LogLevel } from '../../telemetry/log/log.ts'
import type { LoggingSettings } from '../../telemetry/log/target-settings.ts'
import type { Config } from '../schema/schema.ts'

/** Null: nothing is said about the log. */
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

/** The Rust project's `trace` is accepted; there is nothing below `debug` here. */
export function levelOf(level: LogLevel | 'trace'): LogLevel {
  return level === 'trace' ? 'debug' : level
}
