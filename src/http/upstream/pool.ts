/**
 * Upstream connections of one service, by origin. The pool chooses which connection a request reuses:
 *
 *   take(origin)  newest idle slot of the origin, or a new one: the pool does not limit concurrency
 *   slot.give()   back to idle, or closed if `maxIdlePerHost` are idle already
 *   slot.drop()   closed, with any exchange on it
 *   disconnect    (keep-alive timeout, upstream's FIN) out of idle; an origin without slots is forgotten
 */
import { add, type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import { CoarseClock, type Timed } from '../clock.ts'
import type { Dial } from '../dial/dial.ts'
import type { Gate } from '../dial/gate.ts'
import { TlsSessions } from '../dial/tls-target.ts'
import type { Transport } from '../transport/transport.ts'
import { AfterPoll } from '../wire/client/after-poll.ts'
import { WireConnection } from '../wire/client/connection.ts'
import type { ConnectionListener, UpstreamConnection } from '../wire/client/contract.ts'
import type { WireOptions } from '../wire/client/options.ts'
import { H2Connection } from './h2-connection.ts'
import { wireOptions } from './origin.ts'

export interface PoolOptions {
  readonly maxIdlePerHost: number
  readonly idleMs: number
  readonly connectMs: number
  /** Longest wait for a response head, and between two chunks of its body. */
  readonly responseMs: number
  /**
   * Checks the destination of a new connection; a kept one was checked when it was dialled. Null if the
   * operator chose the target.
   */
  readonly gate: Gate | null
  /** A connection of this age takes no further request; 0: unlimited. */
  readonly lifetimeMs: number
  /** Offers HTTP/2 to `https:` origins. */
  readonly http2?: boolean
  /** Counts open and idle connections. */
  readonly counters?: CounterBlock
  /** Trust anchors that replace the system's; verification cannot be switched off. */
  readonly ca?: string | Buffer
  /** Default: one of its own. */
  readonly clock?: CoarseClock
  /** Opens connections; default: `dial`. */
  readonly dial?: Dial
}

interface Origin {
  readonly name: string
  readonly wire: WireOptions
  readonly idle: PoolSlot[]
  open: number
}

/** One upstream connection, used by one exchange at a time. */
export class PoolSlot implements ConnectionListener {
  readonly connection: UpstreamConnection
  readonly origin: Origin
  readonly #pool: UpstreamPool
  /**
   * Whether an exchange has succeeded on it. Only then can a reset mean that the connection expired, so a
   * retry is allowed.
   */
  used = false
  idle = false
  /** Value of the pool's tick when it connected. */
  #since = 0

  constructor(origin: Origin, pool: UpstreamPool) {
    this.origin = origin
    this.#pool = pool
    const { wire } = origin
    const isH2 = pool.options.http2 === true && wire.target.tls !== undefined
    this.connection = isH2 ? new H2Connection(wire, this) : new WireConnection(wire, this)
  }

  /** Whether its connection is established. */
  get connected(): boolean {
    return this.connection.isConnected
  }

  get transport(): Transport | null {
    return this.connection.transport
  }

  connectionOpened(): void {
    this.#since = this.#pool.tick
  }

  connectionClosed(): void {
    if (this.idle) this.drop()
  }

  /** Returns the slot to the pool after a complete exchange. */
  give(): void {
    const { idle } = this.origin
    this.used = true
    const isFull = idle.length >= this.#pool.options.maxIdlePerHost
    if (!this.connected || this.#pool.closed || isFull || this.isOld) {
      this.drop()
      return
    }
    this.idle = true
    // The next request must not wait for an acknowledgement of this one (RFC 9293 3.7.4).
    this.transport?.setNoDelay()
    idle.push(this)
    this.#pool.count(cell.upstreamIdle, 1)
  }

  /** Whether it has reached the connection lifetime. */
  get isOld(): boolean {
    return this.#pool.isOver(this.#since)
  }

  /** Closes the slot after a failed or abandoned exchange. */
  drop(): void {
    const { idle } = this.origin
    if (this.idle) {
      idle.splice(idle.indexOf(this), 1)
      this.#pool.count(cell.upstreamIdle, -1)
    }
    this.idle = false
    this.connection.close()
    this.#pool.forget(this)
  }
}

/** All upstream connections of one service. */
export class UpstreamPool implements Timed {
  /** For the clock only. */
  place = -1
  readonly options: PoolOptions
  closed = false
  readonly #origins = new Map<string, Origin>()
  readonly #slots = new Set<PoolSlot>()
  readonly #clock: CoarseClock
  readonly #afterPoll = new AfterPoll()
  readonly #sessions = new TlsSessions()
  /** The last origin: most services have one, and a long name is not hashed again. */
  #last: Origin | null = null

  constructor(options: PoolOptions) {
    this.options = options
    const { connectMs, idleMs, responseMs, lifetimeMs } = options
    this.#clock =
      options.clock ?? new CoarseClock(Math.min(connectMs, idleMs, responseMs, lifetimeMs || Infinity))
  }

  /**
   * A connection to `name`, a lower-case `scheme://host:port`. The caller must give it back or drop it, once.
   */
  take(name: string): PoolSlot {
    const origin = this.#originOf(name)
    const slot = origin.idle.pop()
    if (slot !== undefined) {
      slot.idle = false
      this.count(cell.upstreamIdle, -1)
      return slot
    }
    const created = new PoolSlot(origin, this)
    origin.open += 1
    this.#slots.add(created)
    if (this.options.lifetimeMs > 0) this.#clock.add(this)
    this.count(cell.upstreamOpen, 1)
    return created
  }

  /** For slots only. */
  get tick(): number {
    return this.#clock.tick
  }

  /** For slots only: whether a connection made at that tick has reached its lifetime. */
  isOver(since: number): boolean {
    const { lifetimeMs } = this.options
    return lifetimeMs > 0 && this.#clock.isOver(since, lifetimeMs)
  }

  look(): void {
    for (const slot of this.#slots) if (slot.idle && slot.isOld) slot.drop()
  }

  /** For slots only. */
  count(at: number, by: 1 | -1): void {
    const { counters } = this.options
    if (counters !== undefined) add(counters, at, by)
  }

  /** Open and idle connections by origin. */
  get stats(): Readonly<Record<string, { readonly open: number; readonly idle: number }>> {
    const entries = [...this.#origins].map(([name, { open, idle }]) => [name, { open, idle: idle.length }])
    return Object.fromEntries(entries)
  }

  /** Removes a slot that ended. Further calls for the same slot have no effect. */
  forget(slot: PoolSlot): void {
    if (!this.#slots.delete(slot)) return
    if (this.#slots.size === 0) this.#clock.delete(this)
    const { origin } = slot
    origin.open -= 1
    this.count(cell.upstreamOpen, -1)
    if (origin.open > 0) return
    this.#origins.delete(origin.name)
    if (this.#last === origin) this.#last = null
  }

  /** Closes all idle connections. The pool stays usable. */
  dropIdle(): void {
    for (const slot of [...this.#slots]) if (slot.idle) slot.drop()
  }

  close(): void {
    this.closed = true
    for (const slot of this.#slots) slot.drop()
    if (this.options.clock === undefined) this.#clock.close()
  }

  #originOf(name: string): Origin {
    const last = this.#last
    if (last !== null && last.name === name) return last
    let origin = this.#origins.get(name)
    if (origin === undefined) {
      const shared = { clock: this.#clock, afterPoll: this.#afterPoll, sessions: this.#sessions }
      origin = { name, wire: wireOptions(name, this.options, shared), idle: [], open: 0 }
      this.#origins.set(name, origin)
    }
    this.#last = origin
    return origin
  }
}
