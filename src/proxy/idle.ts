/**
 * The idle bound within an exchange: a client that owes the rest of its request, or does not read its answer, and moves no byte for
 * `idleMs` is let go. One coarse timer looks at all exchanges, so an exchange costs a set entry and no timer.
 * An upstream that is slow has its own bound (`responseMs`), and so have tunnels.
 */
import type { ServiceSettings, ServiceType } from '../config/settings.ts'
import type { Exchange } from './exchange.ts'

/**
 * How long a client that has sent its FIN is given without a byte moving. It may wait for its answer (RFC 9112 9.6) or be gone,
 * which looks the same until something is sent to it, and a client that is gone must not hold an upstream for `responseMs`.
 */
const halfClosedMs = 2_000

/**
 * Exchanges that run. No Set: its tables link to the ones that replace them, so that a used one in the old generation keeps all
 * later ones alive, with every exchange in them, until the next full collection. That cost 15 % of a request.
 */
export class Running {
  readonly all: Exchange[] = []

  add(exchange: Exchange): void {
    exchange.place = this.all.length
    this.all.push(exchange)
  }

  /** Does nothing for one that is not here. */
  delete(exchange: Exchange): void {
    const { place } = exchange
    if (place < 0) return
    exchange.place = -1
    const last = this.all.pop()
    if (last === undefined || last === exchange) return
    this.all[place] = last
    last.place = place
  }
}

export interface IdleActions {
  /** Ends an exchange whose client has stopped; `owes` tells that the rest of its request is missing. */
  readonly end: (exchange: Exchange, owes: boolean) => void
  /** Asked while no exchange runs: true when no connection is open either, and all that serves them rests too. */
  readonly rest: () => boolean
}

export class IdleWatch {
  /** The exchanges that are looked at. */
  readonly running = new Running()
  readonly #msOf: Partial<Record<ServiceType, number>> = {}
  readonly #longestMs: number
  readonly #everyMs: number
  readonly #actions: IdleActions
  #timer: NodeJS.Timeout | null = null

  constructor(services: readonly ServiceSettings[], actions: IdleActions) {
    this.#actions = actions
    for (const { type, timeouts } of services) this.#msOf[type] = timeouts.idleMs
    const all = Object.values(this.#msOf)
    this.#longestMs = Math.max(...all)
    this.#everyMs = Math.max(10, Math.min(1_000, Math.min(...all) / 4))
  }

  /** There is a connection; nothing is looked at before the first, and after the last. */
  wake(): void {
    this.#timer ??= setInterval(() => this.#look(), this.#everyMs).unref()
  }

  /** The bound for exchanges of a service; the longest one for what belongs to none. */
  msOf(type: ServiceType | null): number {
    return (type === null ? undefined : this.#msOf[type]) ?? this.#longestMs
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
  }

  #look(): void {
    const { end, rest } = this.#actions
    if (this.running.all.length === 0 && rest()) {
      this.stop()
      return
    }
    const now = performance.now()
    const { all } = this.running
    // Backwards: an exchange that ends meanwhile leaves its place to the last one, which has been looked at.
    for (let at = all.length - 1; at >= 0; at -= 1) {
      const exchange = all[at]
      if (exchange === undefined) continue
      const { response, connection } = exchange
      if (response === null) continue
      const { socket } = connection
      const { req } = response
      const owes = !req.complete && !req.isPaused()
      const isClientsTurn = owes || socket.writableLength > 0
      const moved = movedBytes(socket)
      if (moved !== exchange.movedBytes || !(isClientsTurn || socket.readableEnded)) {
        exchange.movedBytes = moved
        exchange.movedAt = now
      } else if (now - exchange.movedAt >= patience(exchange, isClientsTurn)) end(exchange, owes)
    }
  }
}

const patience = ({ idleMs }: Exchange, isClientsTurn: boolean): number =>
  isClientsTurn ? idleMs : Math.min(idleMs, halfClosedMs)

type WithHandle = Exchange['connection']['socket'] & { _handle?: { readonly writeQueueSize?: number } | null }

/** Bytes received and bytes that the kernel has taken: `bytesWritten` alone stands still while one large write drains slowly. */
function movedBytes(socket: WithHandle): number {
  return socket.bytesRead + socket.bytesWritten - (socket._handle?.writeQueueSize ?? 0)
}
