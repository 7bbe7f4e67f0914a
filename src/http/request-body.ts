/** The request body as a stream for the upstream connection. */
import { Readable } from 'node:stream'
import type { HttpRequest, HttpResponse } from './message.ts'
import type { Reclaimer } from './reclaim.ts'

const highWaterMark = 64 * 1024

export interface BodyOwner {
  /** Infinity: unlimited. */
  readonly maxBodyBytes: number
  /** The body exceeds `maxBodyBytes`. Called for every further chunk until the body is destroyed. */
  bodyTooLarge(): void
  /** Returns the trailer fields that may be forwarded. */
  trailersOf(came: readonly string[]): readonly string[]
}

/**
 * A request body on its way upstream. undici destroys its body stream when the upstream answers early or
 * fails; destroying an IncomingMessage would close the client's connection before the answer is sent.
 * Destroying this stream only discards the rest of the body, so the connection stays usable (RFC 9112 9.3).
 */
export class RequestBody extends Readable {
  readonly #req: HttpRequest
  readonly #owner: BodyOwner
  /**
   * The response to a client that sent `Expect: 100-continue`; it gets the 100 when the upstream reads the
   * body.
   */
  #waiting: HttpResponse | null
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
    // The exchange's owner learns from the response that the client left; this only prevents an unhandled
    // 'error'.
    req.on('error', ignore)
    this.on('error', ignore)
    if (this.#waiting !== null) req.pause()
  }

  /** Whether the client still waits for a 100 before it sends the body. */
  get isAwaited(): boolean {
    return this.#waiting !== null
  }

  /** Trailer fields of the body, flat. */
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
