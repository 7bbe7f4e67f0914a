/** Sends and checks large amounts of bytes. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'

/** Pieces of changing sizes whose bytes depend on their position, and their hash. */
export class Sender {
  readonly hash = createHash('sha256')
  #state: number
  #left: number

  constructor(seed: number, bytes: number) {
    this.#state = seed
    this.#left = bytes
  }

  run(socket: Socket): void {
    while (this.#left > 0) {
      const piece = Buffer.allocUnsafe(
        Math.min(this.#left, (this.#next() % (this.#next() % 2 === 0 ? 400_000 : 9_000)) + 1),
      )
      for (let at = 0; at < piece.length; at += 512) {
        piece.fill(this.#next() & 0xff, at, Math.min(at + 512, piece.length))
      }
      this.#left -= piece.length
      this.hash.update(piece)
      if (!socket.write(piece)) {
        socket.once('drain', () => this.run(socket))
        return
      }
    }
    socket.end()
  }

  /** A linear congruential generator: the run is the same each time. */
  #next(): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0
    return this.#state >>> 8
  }
}

/** Reads everything, with pauses after every few pieces if it is slow. */
export function hashOf(socket: Socket, isSlow: boolean): Promise<string> {
  const hash = createHash('sha256')
  let pieces = 0
  socket.removeAllListeners('data')
  socket.on('data', (piece) => {
    hash.update(piece)
    pieces += 1
    if (!isSlow || pieces % 40 !== 0) return
    socket.pause()
    setTimeout(() => socket.resume(), 1)
  })
  return new Promise((resolve) => socket.on('end', () => resolve(hash.digest('hex'))))
}
