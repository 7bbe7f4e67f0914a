/**
 * Reads the client of a CONNECT or an upgrade until its upstream answers, because an unread socket does not
 * report that its client left.
 *
 *   reading --release()--> released, with the bytes received
 *      |--FIN--> ended --nothing from the upstream for `endedMs`--> destroyed
 *      '--reset--> destroyed
 */
import type { Socket } from 'node:net'

/**
 * How long a client that has sent its FIN may wait for the answer. It may still read (RFC 9112 9.6) or be
 * gone; the two look the same until something is sent.
 */
const endedMs = 1_500

/**
 * Bound on early data: before the answer a client has nothing to send but, for example, a TLS ClientHello.
 */
const maxHeldBytes = 64 * 1024

export class WaitingClient {
  readonly #socket: Socket
  #held: Buffer[] = []
  #heldBytes = 0
  #timer: NodeJS.Timeout | null = null
  #isReleased = false

  /** Takes over the socket, which must have no other reader. */
  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', this.#hold)
    socket.on('end', this.#ended)
    socket.on('close', this.#closed)
    socket.resume()
    if (socket.readableEnded) this.#ended()
  }

  /** Reports bytes from the upstream: the grace period of an ended client starts again. */
  moved(): void {
    this.#timer?.refresh()
  }

  /**
   * Detaches from the socket, which keeps flowing, and returns the bytes received so far. The next reader must
   * attach in the same turn of the event loop.
   */
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
