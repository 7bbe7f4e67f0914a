/** A buffer for texts that are too long for one string. */
/** Size of a piece; a text that may be longer gets a piece of its own. */
const pieceBytes = 262_144

/** A long text as UTF-8 bytes, collected without ever being one string. */
export class TextBytes {
  readonly #whole: Buffer[] = []
  #piece = Buffer.allocUnsafe(pieceBytes)
  #at = 0

  add(text: string): void {
    // A UTF-16 unit takes at most three bytes in UTF-8.
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
