/**
 * Reads the client of a CONNECT or an upgrade while its upstream has not answered. A socket that nobody reads tells nothing of its client.
 *
 *   reading --release()--> released, with the bytes that came
 *      |--FIN--> ended --no sign of the upstream for `endedMs`--> destroyed
 *      '--reset--> destroyed
 */
import type { Socket } from 'node:net'

/**
 * How long a client that has sent its FIN may wait for its answer. It may still read (RFC 9112 9.6) or be gone, which looks the
 * same until something is sent to it.
 */
const endedMs = 1_500

/** A client has nothing to say before it is answered, except what it sends ahead, such as a TLS ClientHello. */
const maxHeldBytes = 64 * 1024

export class WaitingClient {
  readonly #socket: Socket
  #held: Buffer[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | null = null
  #isReleased = false

  /** Takes the socket over: it may have no other reader. */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#hold)
    socket.on('end', this.#ended)
    socket.on('close', this.#closed)
    socket.resume()
    if (socket.readableEnded) this.#ended()
  }

  /** The upstream has sent something: an ended client gets its time again. */
  moved(): void {
    this.#timer?.refresh()
  }

  /** Gives the socket back, with what has come meanwhile. Its next reader has to attach in the same turn of the loop. */
  release(): readonly Buffer[] {
    if (this.#isReleased) return []
    this.#isReleased = true
    this.#closed()
    this.#socket.off('data', this.#hold)
    this.#socket.off('end', this.#ended)
    this.#socket.off('close', this.#closed)
    this.#socket.resume()
    const held = this.#held
    this.#held = []
    return held
  }

  readonly #hold = (chunk: Buffer): void => {
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes >= maxHeldBytes) this.#socket.pause()
  }

  readonly #ended = (): void => {
    this.#timer ??= setTimeout(() => this.#socket.destroy(), endedMs)
  }

  readonly #closed = (): void => {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
