/** The buffer that one connection reads a large response body into, so that it is not copied. */
import type { ResponseSink } from './contract.ts'

/** A bounded set of buffers. */
export interface BodyBuffers {
  /** Null: too many are taken. */
  take(): Buffer | null
  give(buffer: Buffer): void
}

/** A body with fewer missing bytes is copied. */
const largeBytes = 128 * 1024
/** Smaller reads are copied: little is gained, and a slow stream must not hold a buffer. */
const burstBytes = 16 * 1024

/**
 * A connection takes a buffer when a large body arrives fast, lends each piece to the sink, and reads into the
 * same buffer again if the piece has left at once. Otherwise it takes another one, and the lent one is given
 * back when its piece has left.
 */
export class OwnBuffer {
  readonly #buffers: BodyBuffers
  #buffer: Buffer | null = null
  /** Number of releases. */
  #releases = 0

  constructor(buffers: BodyBuffers) {
    this.#buffers = buffers
  }

  /** The buffer for the next read; null: the shared one. */
  get current(): Buffer | null {
    return this.#buffer
  }

  /** Takes a buffer if the rest of the body is worth it. */
  prepare(length: number, left: number): void {
    if (this.#buffer === null && length >= burstBytes && left >= largeBytes)
      this.#buffer = this.#buffers.take()
  }

  /** Whether a piece of this read is lent rather than copied. */
  lends(bytes: Buffer, length: number): boolean {
    return bytes === this.#buffer && length >= burstBytes
  }

  /** Lends a piece of the current buffer. The sink may release it in the call. */
  lend(piece: Buffer, sink: ResponseSink): void {
    const buffer = this.#buffer as Buffer
    const releases = this.#releases
    this.#buffer = null
    let isInCall = true
    let isFree = false
    sink.responseLent(piece, () => {
      if (isInCall) isFree = true
      else this.#buffers.give(buffer)
    })
    isInCall = false
    const isKept = releases === this.#releases
    if (isKept) this.#buffer = isFree ? buffer : this.#buffers.take()
    else if (isFree) this.#buffers.give(buffer)
  }

  /** Gives the buffer back; returns whether there was one. The connection must not read into it any more. */
  release(): boolean {
    this.#releases += 1
    const buffer = this.#buffer
    this.#buffer = null
    if (buffer !== null) this.#buffers.give(buffer)
    return buffer !== null
  }
}
