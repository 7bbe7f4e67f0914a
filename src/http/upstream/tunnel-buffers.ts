/** The large buffers that busy tunnels of one thread read into. */

/** One read of this size costs about as much CPU as a read of 64 KiB, and moves four times as much. */
export const tunnelBufferBytes = 256 * 1024

/**
 * A bounded set of buffers. A tunnel takes buffers when bytes begin to flow and gives them back when it is
 * idle, so 10,000 idle tunnels hold none. If all are taken, `take` returns null and the tunnel copies.
 */
export class TunnelBuffers {
  readonly #maxTaken: number
  readonly #maxKept: number
  readonly #free: Buffer[] = []
  #taken = 0

  /** At most `maxTaken` buffers exist in tunnels; `maxKept` unused ones are kept for later. */
  constructor(maxTaken: number, maxKept: number) {
    this.#maxTaken = maxTaken
    this.#maxKept = maxKept
  }

  /** Number of buffers that tunnels hold. */
  get taken(): number {
    return this.#taken
  }

  /** Null: too many are taken. */
  take(): Buffer | null {
    if (this.#taken === this.#maxTaken) return null
    this.#taken += 1
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(tunnelBufferBytes)
  }

  /** Takes a buffer back that nothing reads or writes any more. */
  give(buffer: Buffer): void {
    this.#taken -= 1
    if (this.#free.length < this.#maxKept) this.#free.push(buffer)
  }

  /** The buffer of a broken tunnel: a write of it may still be pending, so it is not used again. */
  drop(): void {
    this.#taken -= 1
  }
}

/** All tunnels of this thread: at most 16 MiB in use, 2 MiB kept. */
export const tunnelBuffers = new TunnelBuffers(64, 8)
