import { Readable } from 'node:stream'
import type { HttpRequest, HttpResponse } from './message.ts'
import type { Reclaimer } from './reclaim.ts'

const highWaterMark = 64 * 1024

export interface BodyOwner {
  /** Infinity for no bound. */
  readonly maxBodyBytes: number
  /** More has come than that; called for every further piece until the body is destroyed. */
  bodyTooLarge(): void
  /** The trailer fields that may go on, of those that came. */
  trailersOf(came: readonly string[]): readonly string[]
}

/**
 * A request body on its way upstream. undici destroys the stream that it is given when the upstream answers early or
 * fails; on an IncomingMessage that would take the client's connection with it before the answer is out. Destroying this one
 * discards what the client still sends, so the connection stays usable (RFC 9112 9.3).
 */
export class RequestBody extends Readable {
  readonly #req: HttpRequest
  readonly #owner: BodyOwner
  /** The response to a client that waits to be asked for the body; asked when the upstream wants it. */
  #waiting: HttpResponse | null
  /** Bytes that have come. */
  receivedBytes = 0

  constructor(res: HttpResponse, owner: BodyOwner, reclaimer: Reclaimer) {
    super({ highWaterMark })
    const { req } = res
    this.#req = req
    this.#owner = owner
    this.#waiting = req.headers.expect !== undefined && req.httpVersion !== '1.0' ? res : null
    req.on('data', (chunk: Buffer) => {
      reclaimer.moved(chunk.length)
      this.receivedBytes += chunk.length
      if (this.receivedBytes > owner.maxBodyBytes) owner.bodyTooLarge()
      if (!this.destroyed && !this.push(chunk)) req.pause()
    })
    req.on('end', () => {
      if (!this.destroyed) this.push(null)
    })
    // The owner of the exchange hears of the client's end from the response; here it must only not be unhandled.
    req.on('error', ignore)
    this.on('error', ignore)
    if (this.#waiting !== null) req.pause()
  }

  /** Whether the client waits to be asked for it. */
  get isAwaited(): boolean {
    return this.#waiting !== null
  }

  /** The trailer fields behind it, flat. */
  get trailers(): readonly string[] {
    const came = this.#req.rawTrailers ?? []
    return came.length === 0 ? came : this.#owner.trailersOf(came)
  }

  override _read(): void {
    const waiting = this.#waiting
    if (waiting !== null) {
      this.#waiting = null
      if (waiting.writeContinue !== undefined) waiting.writeContinue()
      else waiting.writeInformation(100, [])
    }
    this.#req.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#req.resume()
    done(error)
  }
}

const ignore = (): void => {}
