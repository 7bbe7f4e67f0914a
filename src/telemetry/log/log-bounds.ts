/**
 * Rate-limits repeated log lines: per kind (message and code), a number of lines pass in each window; the
 * others are counted, and the count is logged at the end of the window. Every failed exchange is a line, so
 * an upstream that is down would otherwise write one line per request.
 */
import type { Log } from './log.ts'

export interface LogBoundsOptions {
  /** Lines of one kind that pass in a window. */
  readonly maxLines: number
  readonly windowMs?: number
}

/** Kinds tracked separately; further kinds share one. */
const maxKinds = 200

interface Kind {
  passed: number
  leftOut: number
  level: Parameters<Log>[0]
  message: string
  code: unknown
}

export class LogBounds {
  readonly #log: Log
  readonly #maxLines: number
  readonly #windowMs: number
  readonly #kinds = new Map<string, Kind>()
  /** Ends the current window; the first line starts one. */
  #timer: NodeJS.Timeout | null = null

  constructor(log: Log, { maxLines, windowMs = 10_000 }: LogBoundsOptions) {
    this.#log = log
    this.#maxLines = maxLines
    this.#windowMs = windowMs
  }

  /**
   * Bounds for one of several instances of a worker, which together may write ten lines of a kind in ten
   * seconds.
   */
  static ofInstance(instances: number, log: Log): LogBounds {
    return new LogBounds(log, { maxLines: Math.max(1, Math.floor(10 / instances)) })
  }

  readonly log: Log = (level, message, fields) => {
    const kind = this.#kindOf(level, message, fields?.['code'])
    this.#timer ??= setTimeout(() => this.#endWindow(), this.#windowMs).unref()
    if (kind.passed >= this.#maxLines) {
      kind.leftOut += 1
      return
    }
    kind.passed += 1
    this.#log(level, message, fields)
  }

  /** Logs the counts of dropped lines. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#endWindow()
  }

  #kindOf(level: Kind['level'], message: string, code: unknown): Kind {
    const key = `${level} ${String(code ?? '')} ${message}`
    const known = this.#kinds.get(key)
    if (known !== undefined) return known
    const isFull = this.#kinds.size >= maxKinds
    if (isFull && this.#kinds.has('')) return this.#kinds.get('') as Kind
    const kind = isFull
      ? { passed: 0, leftOut: 0, level, message: 'other lines', code: undefined }
      : { passed: 0, leftOut: 0, level, message, code }
    this.#kinds.set(isFull ? '' : key, kind)
    return kind
  }

  #endWindow(): void {
    this.#timer = null
    for (const { leftOut, level, message, code } of this.#kinds.values()) {
      if (leftOut === 0) continue
      const seconds = this.#windowMs / 1000
      this.#log(
        level,
        `${message}: ${leftOut} more in the last ${seconds} s`,
        code === undefined ? {} : { code },
      )
    }
    this.#kinds.clear()
  }
}
