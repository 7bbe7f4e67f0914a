/** Opens the daemon log's destinations from `logging` in the configuration. Logging never blocks. */
import { openFileSink, openStandardSink } from '../lines/sink.ts'
import { LogWriter } from '../lines/writer.ts'
import { type FormatLog, formatLogJson, formatLogLine, isAtLeast, type Log, type LogLevel } from './log.ts'
import type { LoggingSettings, LogTargetSettings } from './target-settings.ts'

export interface OpenLog {
  readonly log: Log
  /** Records dropped since the start because a destination was full. */
  dropped(): number
  /** Reopens all files after a rotation. */
  reopen(): void
  /** Resolves when everything is written, after a second at the latest. */
  close(): Promise<void>
}

export interface OpenLogOptions {
  readonly now?: () => number
  /** Retry delay after an error such as a full disk, in milliseconds. */
  readonly retryMs?: number
  /** Reports an unwritable destination if there is no other one. */
  readonly complain?: (line: string) => void
}

/** The default: text on standard error. */
export const defaultLogging: LoggingSettings = {
  targets: [{ type: 'stderr', path: null, level: 'info', format: 'text' }],
}

const bufferBytes = 1024 * 1024

export function openLog({ targets }: LoggingSettings, options: OpenLogOptions = {}): OpenLog {
  const { now = Date.now, retryMs = 1_000, complain = () => {} } = options
  const places: Target[] = []
  const tellOf = (index: number) => (level: LogLevel, message: string, fields: object) => {
    const others = places.filter((_, at) => at !== index)
    const at = new Date(now())
    if (others.length === 0) complain(formatLogLine(at, level, message, { ...fields }))
    for (const other of others) other.write(at, level, message, { ...fields })
  }
  for (const [index, settings] of targets.entries()) {
    places.push(new Target(settings, tellOf(index), retryMs))
  }
  return {
    log(level, message, fields) {
      const at = new Date(now())
      for (const place of places) place.write(at, level, message, fields)
    },
    dropped: () => places.reduce((sum, { droppedInAll }) => sum + droppedInAll, 0),
    reopen() {
      for (const place of places) place.reopen()
    },
    async close() {
      await Promise.all(places.map((place) => place.close()))
    },
  }
}

type Tell = (level: LogLevel, message: string, fields: object) => void

class Target {
  readonly #level: LogLevel
  readonly #format: FormatLog
  readonly #writer: LogWriter
  droppedInAll = 0
  #dropped = 0

  constructor({ type, path, level, format }: LogTargetSettings, tell: Tell, retryMs: number) {
    this.#level = level
    this.#format = format === 'json' ? formatLogJson : formatLogLine
    const place = path ?? type
    this.#writer = new LogWriter({
      open: () => (path === null ? openStandardSink(type === 'stdout' ? 1 : 2) : openFileSink(path)),
      bufferBytes,
      flushMs: 1_000,
      retryMs,
      onDropped: (lines) => {
        this.#dropped += lines
        this.droppedInAll += lines
      },
      onTrouble: (error) => {
        if (error !== null) {
          tell('error', 'a log cannot be written', { place, error: error.message })
          return
        }
        const dropped = this.#dropped
        this.#dropped = 0
        tell('info', 'a log is written again', { place, dropped })
      },
    })
  }

  write(...[at, level, message, fields]: Parameters<FormatLog>): void {
    if (!isAtLeast(level, this.#level)) return
    this.#writer.write(this.#format(at, level, message, fields))
    this.#writer.flush()
  }

  reopen(): void {
    this.#writer.reopen()
  }

  close(): Promise<void> {
    return this.#writer.close()
  }
}
