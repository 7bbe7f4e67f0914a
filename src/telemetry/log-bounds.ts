import type { Log } from './log.ts'

/**
 * Bounds lines that repeat: of one kind (message and code) so many pass in a window, the others are counted, and the count is a line at
 * its end. Every exchange that fails is a line; without a bound an upstream that is down would write as many lines as it has requests.
 */
export interface LogBoundsOptions {
  /** Lines of one kind that pass in a window. */
  readonly maxLines: number
  readonly windowMs?: number
}

/** Kinds that are told apart; what comes beyond them is one kind. */
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
  /** Ends the window that is under way; the first line begins one. */
  #timer: NodeJS.Timeout | null = null

  constructor(log: Log, { maxLines, windowMs = 10_000 }: LogBoundsOptions) {
    this.#log = log
    this.#maxLines = maxLines
    this.#windowMs = windowMs
  }

  /** Of one of so many instances of a worker: together they may write ten lines of a kind in ten seconds. */
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

  /** Tells what was left out. */
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
