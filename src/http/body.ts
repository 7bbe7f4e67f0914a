import { Readable } from 'node:stream'
import type { HttpRequest } from './message.ts'
import type { Reclaimer } from './reclaim.ts'

const highWaterMark = 64 * 1024

/**
 * A request body on its way upstream. undici destroys the stream that it is given when the upstream answers early or
 * fails; on an IncomingMessage that would take the client's connection with it before the answer is out. Destroying this one
 * discards what the client still sends, so the connection stays usable (RFC 9112 9.3).
 */
export class RequestBody extends Readable {
  readonly #req: HttpRequest

  constructor(req: HttpRequest, reclaimer: Reclaimer) {
    super({ highWaterMark })
    this.#req = req
    req.on('data', (chunk: Buffer) => {
      reclaimer.moved(chunk.length)
      if (!this.destroyed && !this.push(chunk)) req.pause()
    })
    req.on('end', () => {
      if (!this.destroyed) this.push(null)
    })
    // The owner of the exchange hears of the client's end from the response; here it must only not be unhandled.
    req.on('error', ignore)
    this.on('error', ignore)
  }

  override _read(): void {
    this.#req.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#req.resume()
    done(error)
  }
}

const ignore = (): void => {}
