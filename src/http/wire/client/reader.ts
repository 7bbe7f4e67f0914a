/** Reads one HTTP/1.1 response from the bytes of a connection. */
import { ChunkedDecoder } from '../chunked.ts'
import { type ResponseHead, ResponseHeadReader } from './response-head.ts'

/** Receives what is read; each of the calls may stop the reader. */
export interface ReaderSink {
  takeHead(head: ResponseHead): void
  /** The last piece of a body with Content-Length, if it is small, as latin1: cheaper than a buffer. */
  takeText?(text: string): void
  /** Owns the piece. */
  takeData(piece: Buffer): void
  /** The response is complete. `hasMore`: bytes follow it. */
  takeEnd(trailers: string[] | null, hasMore: boolean): void
  /** What the upstream sent instead of a response, as part of a message; the reader has stopped. */
  takeFault(what: string): void
}

type Phase = 'stopped' | 'head' | 'length' | 'chunked' | 'end'

/** Largest last piece that is given as text. */
const maxTextBytes = 16 * 1024

/**
 * Reads the bytes of one response after the other, in whatever pieces they arrive.
 *
 *   stopped --start--> head --> length | chunked | end (of the connection) --> stopped
 *                      '--1xx--'
 */
export class ResponseReader {
  readonly #sink: ReaderSink
  #phase: Phase = 'stopped'
  #isHeadRequest = false
  readonly #heads = new ResponseHeadReader()
  #left = 0
  #decoder: ChunkedDecoder | null = null
  /** The bytes belong to the sink: pieces without chunks are not copied. */
  isLent = false

  constructor(sink: ReaderSink) {
    this.#sink = sink
  }

  start(isHeadRequest: boolean): void {
    this.#phase = 'head'
    this.#isHeadRequest = isHeadRequest
  }

  stop(): void {
    this.#phase = 'stopped'
    this.#heads.reset()
    this.#decoder = null
  }

  /** Copies the bytes that it keeps. */
  read(bytes: Buffer, length: number): void {
    for (let at = 0; at < length && this.#phase !== 'stopped'; ) {
      if (this.#phase === 'head') at = this.#readHead(bytes, at, length)
      else if (this.#phase === 'chunked') at = this.#readChunks(bytes, at, length)
      else at = this.#readPlain(bytes, at, length)
    }
  }

  /** Ends the response with its connection; false if it is not complete. */
  readEnd(): boolean {
    if (this.#phase !== 'end') return false
    this.#end(null, true)
    return true
  }

  /** Bytes that are missing of a body without chunks; Infinity if it ends with its connection, 0 otherwise. */
  get plainLeft(): number {
    if (this.#phase === 'end') return Infinity
    return this.#phase === 'length' ? this.#left : 0
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    const head = this.#heads.read(bytes, at, end, this.#isHeadRequest)
    if (head === null) return end
    if (typeof head === 'string') return this.#fail(head, end)
    const { endAt } = this.#heads
    this.#begin(head, endAt < end)
    return endAt
  }

  #begin(head: ResponseHead, hasMore: boolean): void {
    this.#sink.takeHead(head)
    if (this.#phase === 'stopped' || head.status < 200) return
    const { framing } = head
    if (framing === 0) this.#end(null, hasMore)
    else if (framing === 'chunked') {
      this.#phase = 'chunked'
      this.#decoder = new ChunkedDecoder()
    } else if (framing === 'end') this.#phase = 'end'
    else {
      this.#phase = 'length'
      this.#left = framing
    }
  }

  #readChunks(bytes: Buffer, at: number, end: number): number {
    const decoder = this.#decoder as ChunkedDecoder
    const stop = decoder.take(bytes, at, end, this.#sink)
    if (this.#phase === 'stopped') return end
    if (stop === -1) return this.#fail('a chunk that is not valid', end)
    if (decoder.isDone) this.#end(decoder.trailers, stop < end)
    return stop
  }

  #readPlain(bytes: Buffer, at: number, end: number): number {
    const isCounted = this.#phase === 'length'
    const stop = isCounted ? Math.min(end, at + this.#left) : end
    this.#left -= stop - at
    const isEnd = isCounted && this.#left === 0
    const sink = this.#sink
    if (isEnd && stop - at <= maxTextBytes && sink.takeText !== undefined) {
      sink.takeText(bytes.toString('latin1', at, stop))
    } else {
      const piece = bytes.subarray(at, stop)
      sink.takeData(this.isLent ? piece : Buffer.from(piece))
    }
    if (this.#phase === 'length' && isEnd) this.#end(null, stop < end)
    return stop
  }

  #fail(what: string, end: number): number {
    this.stop()
    this.#sink.takeFault(what)
    return end
  }

  #end(trailers: string[] | null, hasMore: boolean): void {
    this.stop()
    this.#sink.takeEnd(trailers, hasMore)
  }
}
