/** Ends connections so that their clients read the last answer instead of a reset (RFC 9112 9.6). */
import type { CoarseClock, Timed } from '../clock.ts'
import type { Transport, TransportOwner } from '../transport/transport.ts'

/** How long a closing connection is read. */
const lingerMs = 1_000
const maxLingering = 1_024

/**
 * Ends transports with a final answer: writes it, half-closes, discards further input and closes the transport
 * after a bounded time. The number of such transports is bounded; above it they are closed at once, so clients
 * that never close are cheap.
 */
export class Closer {
  readonly clock: CoarseClock
  readonly #lingering = new Set<Lingering>()

  constructor(clock: CoarseClock) {
    this.clock = clock
  }

  get size(): number {
    return this.#lingering.size
  }

  /** Becomes the owner of the transport. */
  end(transport: Transport, last: Buffer | string): void {
    if (transport.isClosed || transport.isEnded || this.#lingering.size >= maxLingering) {
      transport.close()
      return
    }
    const lingering = new Lingering(transport, this.clock, this.#lingering)
    this.#lingering.add(lingering)
    lingering.start(last)
  }

  close(): void {
    for (const { transport } of this.#lingering) transport.close()
  }
}

class Lingering implements TransportOwner, Timed {
  place = -1
  readonly transport: Transport
  readonly #clock: CoarseClock
  readonly #all: Set<Lingering>
  readonly #since: number

  constructor(transport: Transport, clock: CoarseClock, all: Set<Lingering>) {
    this.transport = transport
    this.#clock = clock
    this.#all = all
    this.#since = clock.tick
  }

  start(last: Buffer | string): void {
    const { transport } = this
    transport.owner = this
    this.#clock.add(this)
    if (last.length > 0) transport.write(last)
    transport.end()
    if (transport.hasPeerEnded) this.#closeWhenSent()
    else transport.resume()
  }

  look(): void {
    if (this.#clock.isOver(this.#since, lingerMs)) this.transport.close()
  }

  received(): undefined {}

  peerEnded(): void {
    this.#closeWhenSent()
  }

  drained(): void {
    if (this.transport.hasPeerEnded) this.transport.close()
  }

  closed(): void {
    this.#clock.delete(this)
    this.#all.delete(this)
  }

  #closeWhenSent(): void {
    if (this.transport.pendingBytes === 0) this.transport.close()
  }
}
