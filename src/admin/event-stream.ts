import type { ServerResponse } from 'node:http'

/**
 * One viewer's stream of server-sent events. What it does not take waits in this process up to a bound; beyond it nothing more is
 * kept for it: it has lost its place, and `onRoom` is called when it reads again. One that does not read at all is let go.
 */
export interface EventStreamOptions {
  /** It reads again after it has lost its place. */
  readonly onRoom: () => void
  readonly onClose: () => void
  readonly maxBufferedBytes?: number
  /** Milliseconds of a steady clock. */
  readonly now?: () => number
  /** How long it may have lost its place. */
  readonly patienceMs?: number
}

export class EventStream {
  readonly #res: ServerResponse
  readonly #options: Required<EventStreamOptions>
  #lostAt: number | null = null

  constructor(res: ServerResponse, options: EventStreamOptions) {
    this.#res = res
    this.#options = {
      maxBufferedBytes: 256 * 1024,
      now: () => performance.now(),
      patienceMs: 60_000,
      ...options,
    }
    res.writeHead(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    })
    res.flushHeaders()
    res.on('close', () => this.#options.onClose())
    res.on('error', () => {})
  }

  /** Whole frames. What is longer than the bound is taken when nothing else waits. */
  write(text: string): void {
    if (this.#lostAt !== null || this.#res.destroyed) return
    const { writableLength } = this.#res
    if (writableLength > 0 && writableLength + text.length > this.#options.maxBufferedBytes)
      this.#lostAt = this.#options.now()
    else this.#res.write(text, () => this.#taken())
  }

  #taken(): void {
    if (this.#lostAt === null || this.#res.destroyed) return
    if (this.#res.writableLength > this.#options.maxBufferedBytes / 4) return
    this.#lostAt = null
    this.#options.onRoom()
  }

  /** To be called now and then: keeps a quiet connection open, and lets go of one that does not read. */
  beat(): void {
    if (this.#lostAt === null) this.write(': \n\n')
    else if (this.#options.now() - this.#lostAt > this.#options.patienceMs) this.#res.destroy()
  }

  end(): void {
    this.#res.destroy()
  }
}

/** One frame. `id` is where a viewer that comes back goes on. */
export function frame(event: string, data: unknown, id?: string): string {
  const place = id === undefined ? '' : `id: ${id}\n`
  return `${place}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
