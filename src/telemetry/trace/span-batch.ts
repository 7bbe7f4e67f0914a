/** The finished spans of one instance on their way to main: some at a time, and no more of them a second than main is to take. */
import type { ExportSpans, SpanRecord } from './span-record.ts'

export interface SpanBatchOptions {
  /** Of this instance. */
  readonly maxPerSecond: number
  readonly post: ExportSpans
  readonly onDropped: (spans: number) => void
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number
}

const batchSpans = 64
const batchMs = 1_000

export class SpanBatch {
  readonly #options: SpanBatchOptions
  readonly #now: () => number
  #waiting: SpanRecord[] = []
  #timer: NodeJS.Timeout | null = null
  #secondSince = Number.NEGATIVE_INFINITY
  #left = 0

  constructor(options: SpanBatchOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Whether so many spans have room in this second, all or none; asked before they are made. Those that have not are counted. */
  admits(spans: number): boolean {
    const now = this.#now()
    if (now - this.#secondSince >= 1_000) {
      this.#secondSince = now
      // What an exchange took beyond the last of a second is missing in the next one.
      this.#left = this.#options.maxPerSecond + Math.min(0, this.#left)
    }
    if (this.#left <= 0) {
      this.#options.onDropped(spans)
      return false
    }
    this.#left -= spans
    return true
  }

  add(spans: readonly SpanRecord[]): void {
    this.#waiting.push(...spans)
    if (this.#waiting.length >= batchSpans) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), batchMs).unref()
  }

  /** Posts what waits, now. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#waiting.length === 0) return
    const spans = this.#waiting
    this.#waiting = []
    this.#options.post(spans)
  }
}
