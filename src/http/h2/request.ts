/** The request of an HTTP/2 stream (RFC 9113 8). */
import type { ServerHttp2Stream } from 'node:http2'
import type { BodySink, HttpRequest } from '../message/message.ts'
import { readH2Fields } from './fields.ts'

/** Counts the body bytes of all streams of a connection. */
export interface Tally {
  payloadBytes: number
}

/** Added per field to the size of a field section (RFC 9113 6.5.2). */
const fieldOverhead = 32

const none: readonly string[] = Object.freeze([])

export class H2Request implements HttpRequest {
  readonly method: string
  /** `:path`; for CONNECT `:authority` (RFC 9113 8.5). */
  readonly target: string
  readonly version = 20
  readonly fields: readonly string[]
  readonly scheme: string
  /** `:authority`; undefined if the request has only Host. */
  readonly authority: string | undefined
  /** Whether the connection is encrypted. */
  readonly isEncrypted: boolean
  /** Size of the field section: names, values and 32 bytes per field (RFC 9113 6.5.2). */
  readonly headBytes: number
  readonly hasBody: boolean
  readonly trailers = none
  receivedBytes = 0
  readonly #stream: ServerHttp2Stream
  readonly #tally: Tally
  #sink: BodySink | null = null
  #isListening = false

  constructor(stream: ServerHttp2Stream, raw: readonly string[], isEncrypted: boolean, tally: Tally) {
    const { method, path, scheme, authority, fields, bytes } = readH2Fields(raw)
    this.method = method
    this.target = method === 'CONNECT' ? (authority ?? '') : path
    this.scheme = scheme
    this.authority = authority
    this.fields = fields
    this.isEncrypted = isEncrypted
    this.#stream = stream
    this.#tally = tally
    this.headBytes = bytes + fieldOverhead * (raw.length / 2)
    this.hasBody = !stream.endAfterHeaders
    tally.payloadBytes += bytes
  }

  get isComplete(): boolean {
    return this.#stream.endAfterHeaders || (this.#stream.readableEnded && !this.#stream.aborted)
  }

  get isReading(): boolean {
    return this.#stream.readableFlowing === true
  }

  readBody(sink: BodySink): void {
    if (this.isComplete) {
      sink.takeBodyEnd()
      return
    }
    this.#sink = sink
    this.#listen()
  }

  pauseBody(): void {
    this.#stream.pause()
  }

  resumeBody(): void {
    this.#stream.resume()
  }

  discardBody(): void {
    this.#sink = null
    this.#listen()
    this.#stream.resume()
  }

  #listen(): void {
    if (this.#isListening) return
    this.#isListening = true
    this.#stream.on('data', (piece: Buffer) => {
      this.receivedBytes += piece.length
      this.#tally.payloadBytes += piece.length
      this.#sink?.takeBody(piece)
    })
    this.#stream.on('end', () => {
      const sink = this.#sink
      this.#sink = null
      // For a stream reset without an error Node emits 'end' as well; it must not pass for a complete body.
      if (this.#stream.aborted) sink?.takeBodyFault()
      else sink?.takeBodyEnd()
    })
  }
}
