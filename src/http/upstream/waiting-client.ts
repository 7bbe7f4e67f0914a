/**
 * Reads the client of a CONNECT or an upgrade until its upstream answers, because an unread connection does not
 * report that its client left.
 *
 *   reading --release()--> released, with the bytes received
 *      |--FIN--> ended --`halfClosedMs` without a byte from the upstream--> closed
 *      '--reset--> closed
 */
import type { CoarseClock, Timed } from '../clock.ts'
import type { Transport, TransportOwner } from '../transport/transport.ts'

export interface WaitOwner {
  /** The client's transport is closed. */
  clientLeft(): void
  /** All bytes written to the client have left. */
  clientDrained(): void
}

/**
 * Bound on early data: before the answer a client has nothing to send but, for example, a TLS ClientHello.
 */
const maxHeldBytes = 64 * 1024

export class WaitingClient implements TransportOwner, Timed {
  place = -1
  readonly #transport: Transport
  readonly #owner: WaitOwner
  readonly #clock: CoarseClock
  readonly #halfClosedMs: number
  /** Null while nothing was received. */
  #held: Buffer[] | null
  #heldBytes: number
  #movedAt = 0

  /**
   * Takes the transport over; `early` was received before. A client that has sent its FIN may still read (RFC
   * 9112 9.6) or be gone, which look the same: it is closed after `halfClosedMs` without a byte (0: never).
   */
  constructor(
    transport: Transport,
    early: Buffer,
    owner: WaitOwner,
    clock: CoarseClock,
    halfClosedMs: number,
  ) {
    this.#transport = transport
    this.#owner = owner
    this.#clock = clock
    this.#halfClosedMs = halfClosedMs
    this.#held = early.length === 0 ? null : [early]
    this.#heldBytes = early.length
    transport.owner = this
    if (transport.hasPeerEnded) this.peerEnded()
    if (this.#heldBytes < maxHeldBytes) transport.resume()
    else transport.pause()
  }

  /** Reports bytes from the upstream: the time of an ended client starts again. */
  moved(): void {
    this.#movedAt = this.#clock.tick
  }

  /**
   * Returns the bytes received so far. The transport's next owner must take over in the same turn of the event
   * loop, and resume it.
   */
  release(): readonly Buffer[] {
    this.#clock.delete(this)
    const held = this.#held ?? nothing
    this.#held = null
    return held
  }

  look(): void {
    if (this.#clock.isOver(this.#movedAt, this.#halfClosedMs)) this.#transport.close()
  }

  received(bytes: Buffer, length: number): undefined {
    this.#held ??= []
    this.#held.push(Buffer.from(bytes.subarray(0, length)))
    this.#heldBytes += length
    if (this.#heldBytes >= maxHeldBytes) this.#transport.pause()
  }

  peerEnded(): void {
    if (this.#halfClosedMs === 0) return
    this.moved()
    this.#clock.add(this)
  }

  drained(): void {
    this.moved()
    this.#owner.clientDrained()
  }

  closed(): void {
    this.#clock.delete(this)
    this.#owner.clientLeft()
  }
}

const nothing: readonly Buffer[] = []
