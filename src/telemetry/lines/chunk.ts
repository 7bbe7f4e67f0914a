/**
 * A buffer of whole ASCII log lines, written part by part as bytes. No line is ever built as a string: this
 * runs on the serving thread, where a string of 500 characters costs several times as much.
 */

/** Constant text in pieces of eight bytes. Each piece is copied as one float64; no ASCII bytes form a NaN. */
export class Fragment {
  readonly length: number
  readonly pieces: Float64Array

  constructor(text: string) {
    const bytes = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8), 'latin1')
    this.length = text.length
    this.pieces = Float64Array.from({ length: bytes.length / 8 }, (_, at) => bytes.readDoubleLE(8 * at))
  }
}

/** V8 scans and copies longer texts faster than the loop here. */
const shortText = 32

const printable = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const word = /^[\x21\x23-\x5b\x5d-\x7e]*$/

/** Maximum digits of a number. */
export const numberBytes = 24

/** Below this, the number times 1000 is still a small integer. */
const maxQuick = 2_000_000

export class LogChunk {
  readonly bytes: Buffer
  /** Bytes of complete lines. */
  length = 0
  /** Bytes already written to the sink. */
  done = 0
  lines = 0
  readonly #view: DataView
  /** Write position within the current line. */
  #at = 0
  /** Limit for texts, so that bounded parts after them always fit. */
  #limit = 0
  #isFull = false

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size)
    this.#view = new DataView(this.bytes.buffer)
  }

  /**
   * Starts a line whose constants, numbers and runs take at most `reserved` bytes. False if there is no room.
   */
  begin(reserved: number): boolean {
    this.#at = this.length
    this.#limit = this.bytes.length - reserved
    this.#isFull = this.#at > this.#limit
    return !this.#isFull
  }

  /** Completes the line; false discards it because its texts did not fit. */
  end(): boolean {
    if (this.#isFull) return false
    this.length = this.#at
    this.lines += 1
    return true
  }

  clear(): void {
    this.length = 0
    this.done = 0
    this.lines = 0
  }

  byte(code: number): void {
    this.bytes[this.#at] = code
    this.#at += 1
  }

  constant({ pieces, length }: Fragment): void {
    for (let n = 0; n < pieces.length; n += 1) {
      this.#view.setFloat64(this.#at + 8 * n, pieces[n] as number, true)
    }
    this.#at += length
  }

  /** Copies a smaller chunk. It copies the full buffer; the next part overwrites the excess. */
  copy({ bytes, length }: LogChunk): void {
    this.bytes.set(bytes, this.#at)
    this.#at += length
  }

  /**
   * Writes printable characters from `least` on (a space, or the first one after it). Writes nothing and
   * returns false if the text contains others, or characters that end a quoted text or start an escape.
   */
  plain(text: string, least: 0x20 | 0x21): boolean {
    const { length } = text
    if (length > shortText) {
      if (!(least === 0x20 ? printable : word).test(text)) return false
      this.text(text)
      return true
    }
    const at = this.#at
    if (!this.#hasRoom(length)) return true
    for (let n = 0; n < length; n += 1) {
      const code = text.charCodeAt(n)
      if (code < least || code > 0x7e || code === 0x22 || code === 0x5c) return false
      this.bytes[at + n] = code
    }
    this.#at = at + length
    return true
  }

  /** Writes ASCII text unchanged. */
  text(text: string): void {
    if (this.#hasRoom(text.length)) this.#at += this.bytes.write(text, this.#at, 'latin1')
  }

  /** Formats like `String`. */
  number(value: number): void {
    const thousandths = Math.round(value * 1000)
    if (!(value >= 0 && value < maxQuick) || thousandths / 1000 !== value) {
      this.text(String(value))
      return
    }
    const whole = Math.floor(thousandths / 1000)
    this.#digits(whole)
    const rest = thousandths - whole * 1000
    if (rest === 0) return
    const { bytes } = this
    bytes[this.#at] = 0x2e
    this.#padded(rest, this.#at + 1)
    this.#at += rest % 100 === 0 ? 2 : rest % 10 === 0 ? 3 : 4
  }

  /** Below 1000, with three decimals. */
  thousandths(value: number): void {
    this.#padded(value, this.#at)
    this.#at += 3
  }

  #padded(value: number, at: number): void {
    const tens = (value / 10) | 0
    const hundreds = (value / 100) | 0
    this.bytes[at] = 0x30 + hundreds
    this.bytes[at + 1] = 0x30 + tens - hundreds * 10
    this.bytes[at + 2] = 0x30 + value - tens * 10
  }

  #digits(value: number): void {
    let length = 1
    for (let bound = 10; bound <= value; bound *= 10) length += 1
    this.#at += length
    for (let at = this.#at - 1, rest = value; length > 0; at -= 1, length -= 1) {
      const tenth = (rest / 10) | 0
      this.bytes[at] = 0x30 + rest - tenth * 10
      rest = tenth
    }
  }

  #hasRoom(length: number): boolean {
    if (this.#at + length <= this.#limit) return true
    this.#isFull = true
    return false
  }
}
