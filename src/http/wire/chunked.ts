/** Decodes the chunked transfer coding (RFC 9112 7.1). */
import { maxSectionBytes, readFields } from './fields.ts'

/** What is decoded goes to it; a piece is its own. */
export interface ChunkSink {
  takeData(piece: Buffer): void
}

const cr = 0x0d
const lf = 0x0a
const semicolon = 0x3b
/** Hexadecimal digits: 2^48 bytes for a chunk. */
const maxDigits = 12

type State = 'size' | 'extension' | 'sizeEnd' | 'data' | 'dataCr' | 'dataLf' | 'trailers' | 'done'

/** Takes the chunked coding off one body, whatever the pieces that it comes in (RFC 9112 7.1). */
export class ChunkedDecoder {
  /** Flat; complete when `isDone`. */
  trailers: string[] = []
  #state: State = 'size'
  #digits = 0
  #left = 0
  /** Bytes of extensions in the whole body: they carry nothing for anybody, and must not go on for ever. */
  #extensionBytes = 0
  #text = ''

  get isDone(): boolean {
    return this.#state === 'done'
  }

  /** Decodes `bytes` from `at` to `end`; returns where it stopped: `end`, the byte after the body, or -1 for what is no chunk. */
  take(bytes: Buffer, from: number, end: number, sink: ChunkSink): number {
    let at = from
    while (at < end && this.#state !== 'done') {
      if (this.#state === 'data') {
        const stop = Math.min(end, at + this.#left)
        this.#left -= stop - at
        if (this.#left === 0) this.#state = 'dataCr'
        sink.takeData(Buffer.from(bytes.subarray(at, stop)))
        at = stop
      } else if (this.#state === 'trailers') {
        at = this.#takeTrailers(bytes, at, end)
        if (at === -1) return -1
      } else {
        if (!this.#takeByte(bytes[at] as number)) return -1
        at += 1
      }
    }
    return at
  }

  #takeByte(byte: number): boolean {
    switch (this.#state) {
      case 'size': {
        const digit = hexDigit(byte)
        if (digit !== -1) {
          this.#left = this.#left * 16 + digit
          this.#digits += 1
          return this.#digits <= maxDigits
        }
        if (this.#digits === 0 || !(byte === cr || byte === semicolon)) return false
        this.#state = byte === cr ? 'sizeEnd' : 'extension'
        return true
      }
      case 'extension':
        if (byte === cr) {
          this.#state = 'sizeEnd'
          return true
        }
        this.#extensionBytes += 1
        return this.#extensionBytes <= maxSectionBytes && (byte === 0x09 || (byte >= 0x20 && byte !== 0x7f))
      case 'sizeEnd':
        if (this.#left > 0) this.#state = 'data'
        else {
          this.#state = 'trailers'
          // The line end before the section: its end is an empty line in any case.
          this.#text = '\r\n'
        }
        this.#digits = 0
        return byte === lf
      case 'dataCr':
        this.#state = 'dataLf'
        return byte === cr
      default:
        this.#state = 'size'
        return byte === lf
    }
  }

  #takeTrailers(bytes: Buffer, at: number, end: number): number {
    const before = this.#text.length
    this.#text += bytes.toString('latin1', at, Math.min(end, at + maxSectionBytes + 4 - before))
    const found = this.#text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (found === -1) return this.#text.length >= maxSectionBytes ? -1 : end
    const section = Buffer.from(this.#text, 'latin1')
    const fields = readFields(section, 2, found + 2)
    if (fields === null) return -1
    this.trailers = fields
    this.#state = 'done'
    return at + found + 4 - before
  }
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
