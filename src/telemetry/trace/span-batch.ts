/**
 * Collects the finished spans of one instance and posts them to main in batches, up to a number per second.
 */
import type { ExportSpans, SpanRecord } from './span-record.ts'

export interface SpanBatchOptions {
  /** Maximum spans per second of this instance. */
  readonly maxPerSecond: number
  readonly post: ExportSpans
  readonly onDropped: (spans: number) => void
  /** A monotonic clock in milliseconds. */
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

  /**
   * Asks for room for a number of spans in this second, all or none, before they are made. Refused spans are
   * counted.
   */
  admits(spans: number): boolean {
    const now = this.#now()
    if (now - this.#secondSince >= 1_000) {
      this.#secondSince = now
      // Spans beyond the limit of the previous second are charged to this one.
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

  /** Posts waiting spans at once. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#waiting.length === 0) return
    const spans = this.#waiting
    this.#waiting = []
    this.#options.post(spans)
  }
}
