/** Of each piece; a text that may be longer than that has one of its own. */
const pieceBytes = 262_144

/** A long text as the bytes that are sent of it, without ever being one string. */
export class TextBytes {
  readonly #whole: Buffer[] = []
  #piece = Buffer.allocUnsafe(pieceBytes)
  #at = 0

  add(text: string): void {
    // In UTF-8 a unit of a string is three bytes at most.
    const most = 3 * text.length
    if (most > this.#piece.length - this.#at) {
      this.#whole.push(this.#piece.subarray(0, this.#at))
      this.#piece = Buffer.allocUnsafe(Math.max(pieceBytes, most))
      this.#at = 0
    }
    this.#at += this.#piece.write(text, this.#at)
  }

  bytes(): Buffer<ArrayBuffer> {
    return Buffer.concat([...this.#whole, this.#piece.subarray(0, this.#at)])
  }
}
