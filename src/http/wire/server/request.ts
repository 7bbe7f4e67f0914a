/** A request of an HTTP/1.1 client, and its body (RFC 9112 6 and 7). */
import type { BodySink, HttpRequest } from '../../message/message.ts'
import { ChunkedDecoder, type ChunkSink } from '../chunked.ts'
import type { RequestHead } from './request-head.ts'

/** The connection that a body arrives on. */
export interface BodyPath {
  /** The body is read on: what has arrived and waits can be taken now. */
  bodyWanted(): void
  bodyPaused(): void
}

type Reading = 'not yet' | 'on' | 'paused' | 'discarded'

const none: readonly string[] = Object.freeze([])

export class ServerRequest implements HttpRequest, ChunkSink {
  readonly head: RequestHead
  readonly hasBody: boolean
  isComplete: boolean
  /** The client sends its body only after a 100 (RFC 9110 10.1.1), which it has not got. */
  isAwaited: boolean
  receivedBytes = 0
  trailers: readonly string[] = none
  /** How long it waited behind earlier requests of its connection. */
  readonly waitedMs: number
  readonly #path: BodyPath
  readonly #decoder: ChunkedDecoder | null
  #left: number
  #reading: Reading = 'not yet'
  #sink: BodySink | null = null

  /** `hasBody` false for a request that takes its connection over: what follows its head is no body. */
  constructor(head: RequestHead, path: BodyPath, hasBody: boolean, waitedMs: number) {
    this.head = head
    this.#path = path
    this.waitedMs = waitedMs
    this.hasBody = hasBody && (head.coding !== undefined || head.length > 0)
    this.isComplete = !this.hasBody
    this.isAwaited = this.hasBody && head.expect !== undefined && head.version > 10
    this.#decoder = this.hasBody && head.coding !== undefined ? new ChunkedDecoder() : null
    this.#left = head.length
  }

  get method(): string {
    return this.head.method
  }

  get target(): string {
    return this.head.target
  }

  get version(): number {
    return this.head.version
  }

  get fields(): readonly string[] {
    return this.head.fields
  }

  get isReading(): boolean {
    return this.#reading === 'on'
  }

  /** Whether its sink takes no more for now. */
  get isPaused(): boolean {
    return this.#reading === 'paused'
  }

  /** Whether bytes of the body are taken when they arrive. */
  get isOpen(): boolean {
    return this.#reading === 'on' || this.#reading === 'discarded'
  }

  readBody(sink: BodySink): void {
    if (this.isComplete) {
      sink.takeBodyEnd()
      return
    }
    if (this.#reading !== 'not yet') return
    this.#sink = sink
    this.#reading = 'on'
    this.#path.bodyWanted()
  }

  pauseBody(): void {
    if (this.#reading !== 'on') return
    this.#reading = 'paused'
    this.#path.bodyPaused()
  }

  resumeBody(): void {
    if (this.#reading !== 'paused') return
    this.#reading = 'on'
    this.#path.bodyWanted()
  }

  discardBody(): void {
    if (this.#reading === 'discarded') return
    this.#sink = null
    this.#reading = 'discarded'
    if (!this.isComplete) this.#path.bodyWanted()
  }

  /** Takes body bytes from `at` on; returns where it stopped, or -1 for broken framing. */
  take(bytes: Buffer, at: number, end: number): number {
    if (!this.isOpen) return at
    if (this.#decoder !== null) return this.#takeChunks(this.#decoder, bytes, at, end)
    const stop = Math.min(end, at + this.#left)
    this.#left -= stop - at
    this.takeData(this.#sink === null ? bytes.subarray(at, stop) : Buffer.from(bytes.subarray(at, stop)))
    if (this.#left === 0) this.#complete()
    return stop
  }

  /** For the decoder, which gives its piece away, and for `take`. */
  takeData(piece: Buffer): void {
    this.receivedBytes += piece.length
    this.isAwaited = false
    this.#sink?.takeBody(piece)
  }

  /** The rest will not come. */
  fail(): void {
    const sink = this.#sink
    this.#sink = null
    this.#reading = 'discarded'
    sink?.takeBodyFault()
  }

  #takeChunks(decoder: ChunkedDecoder, bytes: Buffer, at: number, end: number): number {
    const stop = decoder.take(bytes, at, end, this)
    if (stop === -1 || !decoder.isDone) return stop
    this.trailers = decoder.trailers
    this.#complete()
    return stop
  }

  #complete(): void {
    this.isComplete = true
    this.#sink?.takeBodyEnd()
    this.#sink = null
  }
}
