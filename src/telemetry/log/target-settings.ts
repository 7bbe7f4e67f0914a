/** The destinations of the daemon's log, resolved from `logging` in the configuration. */
import type { LogLevel } from './log.ts'

export interface LogTargetSettings {
  readonly type: 'stdout' | 'stderr' | 'file'
  /** Absolute; null unless it is a file. */
  readonly path: string | null
  readonly level: LogLevel
  readonly format: 'text' | 'json'
}

export interface LoggingSettings {
  readonly targets: readonly LogTargetSettings[]
}
