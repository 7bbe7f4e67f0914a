/** The request of an HTTP/2 stream (RFC 9113 8) as an HttpRequest. */
import type { IncomingHttpHeaders } from 'node:http'
import type { ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { HttpRequest } from '../message.ts'
import { readH2Fields } from './fields.ts'

/** Counts the body bytes of all streams of a connection. */
export interface Tally {
  payloadBytes: number
}

/** Added per field to the size of a field section (RFC 9113 6.5.2). */
const fieldOverhead = 32

export class H2Request implements HttpRequest {
  readonly method: string
  /** `:path`; for CONNECT `:authority` (RFC 9113 8.5). */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly rawHeaders: readonly string[]
  readonly httpVersion = '2.0'
  readonly httpVersionMajor = 2
  readonly httpVersionMinor = 0
  readonly scheme: string
  /** `:authority`; undefined if the request has only Host. */
  readonly authority: string | undefined
  readonly socket: Socket
  /** Size of the field section: names, values and 32 bytes per field (RFC 9113 6.5.2). */
  readonly headBytes: number
  receivedBytes = 0
  readonly #stream: ServerHttp2Stream
  readonly #tally: Tally

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    raw: readonly string[],
    socket: Socket,
    tally: Tally,
  ) {
    const { method, path, scheme, authority, fields, bytes } = readH2Fields(raw)
    this.method = method
    this.url = method === 'CONNECT' ? (authority ?? '') : path
    this.scheme = scheme
    this.authority = authority
    this.rawHeaders = fields
    if (authority !== undefined) headers.host ??= authority
    this.headers = headers
    this.socket = socket
    this.#stream = stream
    this.#tally = tally
    this.headBytes = bytes + fieldOverhead * (raw.length / 2)
    tally.payloadBytes += bytes
  }

  get complete(): boolean {
    return this.#stream.endAfterHeaders || (this.#stream.readableEnded && !this.#stream.aborted)
  }

  on(event: 'data', listener: (chunk: Buffer) => void): this
  on(event: 'end', listener: () => void): this
  on(event: 'error', listener: (error: Error) => void): this
  on(event: string, listener: ((chunk: Buffer) => void) | ((error: Error) => void)): this {
    if (event === 'data') {
      this.#stream.on('data', (chunk: Buffer) => {
        this.count(chunk.length)
        ;(listener as (chunk: Buffer) => void)(chunk)
      })
    } else if (event === 'end') {
      this.#stream.on('end', () => {
        // For a stream reset without an error Node emits 'end' as well; it must not pass for a complete body.
        if (!this.#stream.aborted) (listener as () => void)()
      })
    } else this.#stream.on(event, listener)
    return this
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }

  get readableFlowing(): boolean | null {
    return this.#stream.readableFlowing
  }

  count(bytes: number): void {
    this.receivedBytes += bytes
    this.#tally.payloadBytes += bytes
  }
}
