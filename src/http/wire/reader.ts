/** Reads one HTTP/1.1 response from the bytes of a connection. */
import { ChunkedDecoder } from './chunked.ts'
import { maxSectionBytes } from './fields.ts'
import { mayBeResponse, type ResponseHead, readResponseHead } from './response-head.ts'

/** What is read goes to it; each of the calls may stop the reader. */
export interface ReaderSink {
  takeHead(head: ResponseHead): void
  /** Owns the piece. */
  takeData(piece: Buffer): void
  /** The response is complete; `hasMore` tells that bytes came behind it. */
  takeEnd(trailers: string[] | null, hasMore: boolean): void
  takeFault(what: string): void
}

const headEnd = '\r\n\r\n'
const tooLarge = 'a head that is too large'

type Phase = 'stopped' | 'head' | 'length' | 'chunked' | 'end'

/**
 * Reads the bytes of one response after the other, in whatever pieces they come.
 *
 *   stopped --start--> head --> length | chunked | end (of the connection) --> stopped
 *                      '--1xx--'
 */
export class ResponseReader {
  readonly #sink: ReaderSink
  #phase: Phase = 'stopped'
  #isHeadRequest = false
  /** A head of which there is not enough yet. */
  #begun: Buffer | null = null
  #left = 0
  #decoder: ChunkedDecoder | null = null

  constructor(sink: ReaderSink) {
    this.#sink = sink
  }

  start(isHeadRequest: boolean): void {
    this.#phase = 'head'
    this.#isHeadRequest = isHeadRequest
  }

  stop(): void {
    this.#phase = 'stopped'
    this.#begun = null
    this.#decoder = null
  }

  /** What of `bytes` is kept is copied. */
  read(bytes: Buffer, length: number): void {
    for (let at = 0; at < length && this.#phase !== 'stopped'; ) {
      if (this.#phase === 'head') at = this.#readHead(bytes, at, length)
      else if (this.#phase === 'chunked') at = this.#readChunks(bytes, at, length)
      else at = this.#readPlain(bytes, at, length)
    }
  }

  /** The connection has ended; false when the response is not complete with that. */
  readEnd(): boolean {
    if (this.#phase !== 'end') return false
    this.#end(null, true)
    return true
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    if (this.#begun !== null) return this.#readRest(this.#begun, bytes, at, end)
    const found = bytes.indexOf(headEnd, at, 'latin1')
    // What lies behind `end` is from an earlier read.
    if (found !== -1 && found + 4 <= end) {
      this.#takeHead(bytes, at, found, end > found + 4)
      return found + 4
    }
    this.#keep(Buffer.from(bytes.subarray(at, end)))
    return end
  }

  /** A head that comes in pieces: rare, and gathered. */
  #readRest(begun: Buffer, bytes: Buffer, at: number, end: number): number {
    const room = maxSectionBytes + 4 - begun.length
    const gathered = Buffer.concat([begun, bytes.subarray(at, Math.min(end, at + room))])
    const found = gathered.indexOf(headEnd, Math.max(0, begun.length - 3), 'latin1')
    if (found === -1) {
      this.#keep(gathered)
      return end
    }
    this.#begun = null
    const next = at + found + 4 - begun.length
    this.#takeHead(gathered, 0, found, end > next)
    return next
  }

  #keep(begun: Buffer): void {
    this.#begun = begun
    if (!mayBeResponse(begun.toString('latin1', 0, 7))) this.#sink.takeFault('no HTTP/1 response')
    else if (begun.length >= maxSectionBytes) this.#sink.takeFault(tooLarge)
  }

  #takeHead(bytes: Buffer, at: number, end: number, hasMore: boolean): void {
    if (end - at >= maxSectionBytes) {
      this.#sink.takeFault(tooLarge)
      return
    }
    const head = readResponseHead(bytes, at, end + 2, this.#isHeadRequest)
    if (head === null) this.#sink.takeFault('a head that is not valid')
    else this.#begin(head, hasMore)
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
    if (stop === -1) {
      this.#sink.takeFault('a chunk that is none')
      return end
    }
    if (decoder.isDone) this.#end(decoder.trailers, stop < end)
    return stop
  }

  #readPlain(bytes: Buffer, at: number, end: number): number {
    const isCounted = this.#phase === 'length'
    const stop = isCounted ? Math.min(end, at + this.#left) : end
    this.#left -= stop - at
    this.#sink.takeData(Buffer.from(bytes.subarray(at, stop)))
    if (this.#phase === 'length' && this.#left === 0) this.#end(null, stop < end)
    return stop
  }

  #end(trailers: string[] | null, hasMore: boolean): void {
    this.stop()
    this.#sink.takeEnd(trailers, hasMore)
  }
}
