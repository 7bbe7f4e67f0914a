/** Wraps an exporter of the SDK, to count its losses and to end exports that never finish. */
import type { ExportResult } from '@opentelemetry/core'

/** The interface of the SDK's exporters, for any signal. */
export interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
}

export interface WatchedExporterOptions<Items> {
  readonly inner: Exporter<Items>
  /** Time limit of one export including its retries. */
  readonly timeoutMs: number
  readonly sizeOf: (items: Items) => number
  /**
   * Ends the connections. The SDK's time limit covers silence only, so a Collector that answers byte by byte
   * would never reach it.
   */
  readonly cutOff: () => void
  /** Called with the number of items that left the queue. */
  readonly onTaken: (count: number) => void
  readonly onEnd: (count: number, error: Error | null) => void
}

/** Milliseconds past its time limit before an export is abandoned. */
const graceMs = 500

/** Maximum delay of a Node timer; a larger one fires at once. */
const maxTimerMs = 2 ** 31 - 1

/** Reports how each export ends, and ends exports that exceed their time limit. */
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
        end({ code: 1, error: new Error(`no complete response within ${timeoutMs} ms`) })
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
