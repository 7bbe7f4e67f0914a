/** Reads a section of a message, a head or trailers, that may arrive in pieces. */

/** Results of a scan. */
export const verdict = Object.freeze({
  /** All bytes are taken and more are needed. */
  more: 0,
  done: 1,
  bad: 2,
  badVersion: 3,
  tooLarge: 4,
})

export type Verdict = (typeof verdict)[keyof typeof verdict]

/** Where a scan stands; enough to continue it. */
export interface ScanState {
  /** The next byte. */
  at: number
  /** What the next byte belongs to. */
  step: number
  /** Start of the part that `at` is in. */
  mark: number
}

/**
 * Finds the parts of a section. Reads are synchronous, so that one scanner serves all connections of a thread: only
 * the state of a section in pieces is kept with its connection.
 */
export interface SectionScanner extends ScanState {
  /** Starts a section. */
  start(at: number): void
  /** Continues a section; the places of its parts are not known after this. */
  restore(state: ScanState): void
  /** Scans to the end of the section or to `end`; `at` is where it stopped. Its result is never `tooLarge`. */
  scan(bytes: Buffer, end: number): Verdict
}

/** A section of which only the beginning has arrived. */
interface Gathered extends ScanState {
  bytes: Buffer
  length: number
}

/** Room of a first piece, in bytes. */
const minRoom = 512

/**
 * Reads sections one after the other. A section in one piece is read where it lies. One in pieces is gathered; each
 * byte is looked at once as it arrives, and once more for the places of the parts, so that its time is linear.
 */
export class SectionReader {
  /** After `done`: the place of the byte behind the section, in the bytes of that call. */
  endAt = 0
  readonly #scanner: SectionScanner
  readonly #maxBytes: number
  #gathered: Gathered | null = null

  constructor(scanner: SectionScanner, maxBytes: number) {
    this.#scanner = scanner
    this.#maxBytes = maxBytes
  }

  /** State of a section in pieces; null if none has begun. */
  get state(): Readonly<ScanState> | null {
    return this.#gathered
  }

  /** Reads on, from `from` to `end`. What is kept of `bytes` is copied. After a fault, call `reset`. */
  read(bytes: Buffer, from: number, end: number): Verdict {
    const gathered = this.#gathered
    if (gathered !== null) return this.#readRest(gathered, bytes, from, end)
    const scanner = this.#scanner
    scanner.start(from)
    const limit = Math.min(end, from + this.#maxBytes)
    const result = scanner.scan(bytes, limit)
    if (result === verdict.done) this.endAt = scanner.at
    else if (result === verdict.more) {
      if (limit - from === this.#maxBytes) return verdict.tooLarge
      if (limit > from) this.#gathered = gather(scanner, bytes, from, limit)
    }
    return result
  }

  /** Ends a section that is done. Returns the bytes that the places of its parts refer to; `bytes` are those of the last call. */
  release(bytes: Buffer): Buffer {
    const whole = this.#gathered?.bytes ?? bytes
    this.#gathered = null
    return whole
  }

  reset(): void {
    this.#gathered = null
  }

  #readRest(gathered: Gathered, bytes: Buffer, from: number, end: number): Verdict {
    const scanner = this.#scanner
    const before = gathered.length
    append(gathered, bytes, from, Math.min(end, from + this.#maxBytes - before))
    scanner.restore(gathered)
    const result = scanner.scan(gathered.bytes, gathered.length)
    const isTooLarge = result === verdict.more && gathered.length === this.#maxBytes
    if (result === verdict.done || isTooLarge) {
      this.endAt = from + scanner.at - before
      // Once more, for the places.
      scanner.start(0)
      scanner.scan(gathered.bytes, gathered.length)
    } else {
      gathered.at = scanner.at
      gathered.step = scanner.step
      gathered.mark = scanner.mark
    }
    return isTooLarge ? verdict.tooLarge : result
  }
}

function gather({ at, step, mark }: ScanState, bytes: Buffer, from: number, end: number): Gathered {
  const length = end - from
  const kept = Buffer.allocUnsafeSlow(Math.max(minRoom, 2 * length))
  bytes.copy(kept, 0, from, end)
  return { bytes: kept, length, at: at - from, step, mark: mark - from }
}

/** Adds a piece. The room doubles, so that a section in single bytes is not copied for each of them. */
function append(gathered: Gathered, bytes: Buffer, from: number, end: number): void {
  const length = gathered.length + end - from
  if (length > gathered.bytes.length) {
    const larger = Buffer.allocUnsafeSlow(2 * length)
    gathered.bytes.copy(larger, 0, 0, gathered.length)
    gathered.bytes = larger
  }
  bytes.copy(gathered.bytes, gathered.length, from, end)
  gathered.length = length
}
