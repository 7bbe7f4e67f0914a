/** Bytes of one connection that were read and cannot be used yet. */

const smallest = 1_024

/** Grows by doubling, so that bytes that come one by one cost linear time. */
export class Kept {
  #since = performance.now()
  /** The bytes from here on were added later, or -1. */
  #laterAt = -1
  #laterSince = 0
  bytes: Buffer = Buffer.allocUnsafe(0)
  /** The bytes from here to `end` are left. */
  start = 0
  end = 0

  /** How long the first of the bytes have waited, at most: bytes that were added while others waited share one time. */
  get ageMs(): number {
    return performance.now() - this.#since
  }

  get length(): number {
    return this.end - this.start
  }

  add(from: Buffer, at: number, until: number): void {
    const more = until - at
    if (this.#laterAt === -1 && this.length > 0) {
      this.#laterAt = this.end
      this.#laterSince = performance.now()
    }
    if (this.end + more > this.bytes.length) this.#makeRoom(more)
    from.copy(this.bytes, this.end, at, until)
    this.end += more
  }

  /** The bytes before `at` are used; null if no others are left. */
  after(at: number): Kept | null {
    this.start = at
    if (this.#laterAt !== -1 && at >= this.#laterAt) {
      this.#since = this.#laterSince
      this.#laterAt = -1
    }
    return this.length === 0 ? null : this
  }

  take(): Buffer {
    return this.bytes.subarray(this.start, this.end)
  }

  #makeRoom(more: number): void {
    const { length } = this
    const size = length === 0 ? more : Math.max(smallest, 2 * (length + more))
    const larger = Buffer.allocUnsafe(size)
    this.bytes.copy(larger, 0, this.start, this.end)
    this.bytes = larger
    if (this.#laterAt !== -1) this.#laterAt -= this.start
    this.start = 0
    this.end = length
  }
}
