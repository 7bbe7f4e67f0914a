/**
 * One viewer's server-sent event stream. Unread data is buffered up to a bound. Beyond it the viewer loses
 * its place and further frames are dropped; `onRoom` is called when it reads again. A viewer that stops
 * reading is disconnected.
 */
import type { ServerResponse } from 'node:http'

export interface EventStreamOptions {
  /** Called when a viewer that lost its place reads again. */
  readonly onRoom: () => void
  readonly onClose: () => void
  readonly maxBufferedBytes?: number
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number
  /** How long a viewer may stay out of place before it is disconnected. */
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

  /** Writes whole frames. A text above the bound is accepted only if nothing else is queued. */
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

  /** Call periodically: keeps an idle connection open and disconnects a viewer that does not read. */
  beat(): void {
    if (this.#lostAt === null) this.write(': \n\n')
    else if (this.#options.now() - this.#lostAt > this.#options.patienceMs) this.#res.destroy()
  }

  end(): void {
    this.#res.destroy()
  }
}

/** Formats one frame. A returning viewer resumes after `id`. */
export function frame(event: string, data: unknown, id?: string): string {
  const place = id === undefined ? '' : `id: ${id}\n`
  return `${place}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}
