import type { ExportResult } from '@opentelemetry/core'

/** An exporter of the SDK, whatever it exports. */
export interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
}

export interface WatchedExporterOptions<Items> {
  readonly inner: Exporter<Items>
  /** Longest time of one export with its retries. */
  readonly timeoutMs: number
  readonly sizeOf: (items: Items) => number
  /** Ends the connections: the time of the SDK's exporters is one of silence, and a Collector that drips never ends. */
  readonly cutOff: () => void
  /** These have left the queue in front of it. */
  readonly onTaken: (count: number) => void
  readonly onEnd: (count: number, error: Error | null) => void
}

/** Beyond its own time it is given up, in milliseconds. */
const graceMs = 500

/** A timer of Node takes no more, and then ends at once. */
const maxTimerMs = 2 ** 31 - 1

/** Sees how each export ends, and ends it where it does not. */
export class WatchedExporter<Items> implements Exporter<Items> {
  readonly #options: WatchedExporterOptions<Items>

  constructor(options: WatchedExporterOptions<Items>) {
    this.#options = options
  }

  export(items: Items, done: (result: ExportResult) => void): void {
    const { inner, timeoutMs, sizeOf, cutOff, onTaken, onEnd } = this.#options
    const count = sizeOf(items)
    let isOver = false
    const end = (result: ExportResult) => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      onEnd(count, result.code === 0 ? null : (result.error ?? new Error('export failed')))
      done(result)
    }
    const timer = setTimeout(
      () => {
        end({ code: 1, error: new Error(`no whole answer within ${timeoutMs} ms`) })
        cutOff()
      },
      Math.min(timeoutMs + graceMs, maxTimerMs),
    ).unref()
    onTaken(count)
    inner.export(items, end)
  }

  async forceFlush(): Promise<void> {
    await this.#options.inner.forceFlush?.()
  }

  shutdown(): Promise<void> {
    return this.#options.inner.shutdown()
  }
}
