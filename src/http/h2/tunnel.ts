/** CONNECT over HTTP/2. */
import { constants } from 'node:http2'
import type { ErrorCode } from '../../errors.ts'
import type { TunnelClient, TunnelSide } from '../message.ts'
import { sendReply } from '../reply/reply.ts'
import type { H2Response } from './message.ts'

/** The client of a CONNECT over HTTP/2: a stream (RFC 9113 8.5). */
export class StreamClient implements TunnelClient {
  readonly side: TunnelSide
  readonly #res: H2Response

  constructor(res: H2Response) {
    this.#res = res
    this.side = new StreamSide(res)
  }

  get bodyBytes(): { readonly received: number; readonly sent: number } {
    return this.#res.bodyBytes
  }

  /** Nothing to do: the connection's frames are read anyway, and a client that leaves resets its stream. */
  wait(): void {}

  accept(fields: readonly string[]): readonly Buffer[] {
    if (this.#res.destroyed) return []
    this.#res.isForgiven = true
    this.#res.stream.respond([':status', '200', ...fields])
    return []
  }

  refuse(code: ErrorCode, requestId: string | null): number {
    if (requestId !== null) this.#res.setHeader('X-Request-Id', requestId)
    sendReply(this.#res, code, { requestId })
    return this.#res.writtenBytes
  }
}

class StreamSide implements TunnelSide {
  readonly #res: H2Response

  constructor(res: H2Response) {
    this.#res = res
  }

  get destroyed(): boolean {
    return this.#res.destroyed
  }

  get readableEnded(): boolean {
    return this.#res.req.complete
  }

  get writableFinished(): boolean {
    return this.#res.stream.writableFinished
  }

  on(event: string, listener: (...values: never[]) => void): this {
    const { stream, req } = this.#res
    if (event === 'data' || event === 'end') req.on(event as 'data', listener as () => void)
    else if (event === 'drain') this.#res.on(event, listener as () => void)
    else stream.on(event, listener as () => void)
    return this
  }

  off(event: string, listener: (...values: never[]) => void): this {
    this.#res.stream.off(event, listener as () => void)
    return this
  }

  write(chunk: Buffer): boolean {
    return this.#res.writeRaw(chunk)
  }

  end(): void {
    this.#res.stream.end()
  }

  pause(): void {
    this.#res.stream.pause()
  }

  resume(): void {
    this.#res.stream.resume()
  }

  setTimeout(ms: number): void {
    if (!this.#res.destroyed) this.#res.stream.setTimeout(ms)
  }

  /** Resets the stream, as for a TCP connection that ends with an error (RFC 9113 8.5). */
  destroy(): void {
    if (this.#res.destroyed) return
    // Otherwise close() would first end the stream normally.
    this.#res.stream._final = (done) => done()
    this.#res.stream.close(constants.NGHTTP2_CONNECT_ERROR)
  }
}
