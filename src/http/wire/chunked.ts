/** Decodes the chunked transfer coding (RFC 9112 7.1). */
import { fieldOf } from '../fields/lookup.ts'
import { type ExtensionStep, extensionAfter, extensionStep } from './chunk-extension.ts'
import { FieldScanner } from './field-scanner.ts'
import { cr, isBlank, lf, maxSectionBytes } from './fields.ts'
import { SectionReader, verdict } from './section.ts'

export interface ChunkSink {
  /** Owns the piece. */
  takeData(piece: Buffer): void
}

const semicolon = 0x3b
/** Hexadecimal digits of a chunk size: up to 2^48 bytes. */
const maxDigits = 12
/** Fields of a trailer section. */
const maxTrailers = 100

type State = 'size' | 'extension' | 'sizeLf' | 'data' | 'dataCr' | 'dataLf' | 'trailers' | 'done'

/** Serves all connections of a thread. */
const scanner = new FieldScanner()

/**
 * Removes the chunked coding from one body, in whatever pieces it arrives.
 *
 *   size --> (extension) --> sizeLf --> data --> dataCr --> dataLf --> size
 *                              '--the last chunk--> trailers --> done
 */
export class ChunkedDecoder {
  /** Flat; complete when `isDone`. */
  trailers: string[] = []
  #state: State = 'size'
  #digits = 0
  #left = 0
  #extension: ExtensionStep = extensionStep.semicolon
  /** Bytes of extensions in the whole body: nothing reads them, so an endless stream of them is an attack. */
  #extensionBytes = 0
  #section: SectionReader | null = null
  /** Data of several chunks of one read. */
  #piece: Buffer | null = null
  #pieceBytes = 0

  get isDone(): boolean {
    return this.#state === 'done'
  }

  /**
   * Decodes `bytes` from `from` to `end`. Returns where it stopped: `end`, the byte after the body, or -1 if the
   * coding is invalid, or a trailer frames messages (RFC 9110 6.5.1). The data of one call is one piece, however small its chunks are.
   */
  take(bytes: Buffer, from: number, end: number, sink: ChunkSink): number {
    let at = from
    while (at !== -1 && at < end && this.#state !== 'done') {
      if (this.#state === 'data') at = this.#takeData(bytes, at, end)
      else if (this.#state === 'trailers') at = this.#takeTrailers(bytes, at, end)
      else at = this.#takeByte(bytes[at] as number) ? at + 1 : -1
    }
    if (this.#piece !== null) this.#give(this.#piece, sink)
    return at
  }

  #give(piece: Buffer, sink: ChunkSink): void {
    this.#piece = null
    const length = this.#pieceBytes
    const data = length === piece.length ? piece : piece.subarray(0, length)
    // A piece that fills little of its room must not hold on to the rest.
    sink.takeData(length * 2 < piece.length ? Buffer.from(data) : data)
  }

  #takeData(bytes: Buffer, at: number, end: number): number {
    const stop = Math.min(end, at + this.#left)
    this.#left -= stop - at
    if (this.#left === 0) this.#state = 'dataCr'
    if (this.#piece === null) {
      this.#piece = Buffer.allocUnsafe(end - at)
      this.#pieceBytes = 0
    }
    bytes.copy(this.#piece, this.#pieceBytes, at, stop)
    this.#pieceBytes += stop - at
    return stop
  }

  #takeByte(byte: number): boolean {
    switch (this.#state) {
      case 'size':
        return this.#takeSize(byte)
      case 'extension':
        this.#extensionBytes += 1
        this.#extension = extensionAfter(this.#extension, byte)
        if (this.#extension === extensionStep.done) this.#state = 'sizeLf'
        return this.#extension !== extensionStep.bad && this.#extensionBytes <= maxSectionBytes
      case 'sizeLf':
        this.#digits = 0
        this.#state = this.#left > 0 ? 'data' : 'trailers'
        return byte === lf
      case 'dataCr':
        this.#state = 'dataLf'
        return byte === cr
      default:
        this.#state = 'size'
        return byte === lf
    }
  }

  #takeSize(byte: number): boolean {
    const digit = hexDigit(byte)
    if (digit !== -1) {
      this.#left = this.#left * 16 + digit
      this.#digits += 1
      return this.#digits <= maxDigits
    }
    if (this.#digits === 0) return false
    if (byte === cr) {
      this.#state = 'sizeLf'
      return true
    }
    this.#state = 'extension'
    this.#extension = byte === semicolon ? extensionStep.nameStart : extensionStep.semicolon
    this.#extensionBytes += 1
    return byte === semicolon || isBlank(byte)
  }

  #takeTrailers(bytes: Buffer, at: number, end: number): number {
    this.#section ??= new SectionReader(scanner, maxSectionBytes)
    scanner.limit(maxTrailers)
    const result = this.#section.read(bytes, at, end)
    if (result === verdict.more) return end
    if (result !== verdict.done || scanner.count > maxTrailers) return -1
    const whole = this.#section.release(bytes)
    const from = scanner.from
    this.trailers = scanner.cut(whole.toString('latin1', from, scanner.at), from)
    if (fieldOf(this.trailers, 'content-length') !== undefined) return -1
    if (fieldOf(this.trailers, 'transfer-encoding') !== undefined) return -1
    this.#state = 'done'
    return this.#section.endAt
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
