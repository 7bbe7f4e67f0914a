/**
 * Upstream connections of one service, by origin. undici's Pool has no bound on idle connections and finds a
 * free one by walking all of them. So each connection here is a client of its own (wire/ for `http:`,
 * undici's Client for `https:`) and the pool chooses which to reuse:
 *
 *   take(origin)  newest idle slot of the origin, or a new one: the pool does not limit concurrency
 *   slot.give()   back to idle, or closed if `maxIdlePerHost` are idle already
 *   slot.drop()   closed, with any exchange on it
 *   disconnect    (keep-alive timeout, upstream's FIN) out of idle; an origin without slots is forgotten
 */
import type { Socket } from 'node:net'
import { buildConnector, Client, type Dispatcher } from 'undici'
import { add, type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { Gate } from '../dial/gate.ts'
import { guardedConnector } from '../dial/guarded-tls.ts'
import { type Timed, WireClock } from '../wire/clock.ts'
import { WireConnection } from '../wire/connection.ts'
import type { WireHandler, WireRequest } from '../wire/contract.ts'

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
  /** Counts open and idle connections. */
  readonly counters?: CounterBlock
  /** Trust anchors that replace the system's; verification cannot be switched off. */
  readonly ca?: string | Buffer
}

interface Origin {
  readonly name: string
  readonly idle: PoolSlot[]
  open: number
}

interface SlotEvents {
  readonly onSocket: (socket: Socket | null) => void
  readonly onConnect: () => void
  readonly onDisconnect: () => void
}

/** One upstream connection, used by one exchange at a time. */
export class PoolSlot {
  readonly client: Client | WireConnection
  readonly origin: Origin
  readonly #pool: UpstreamPool
  /** Socket of undici's client, which does not expose it. */
  #socket: Socket | null = null
  /**
   * Whether an exchange has succeeded on it. Only then can a reset mean that the connection expired, so a
   * retry is allowed.
   */
  used = false
  idle = false
  connected = false
  /** Value of the pool's tick when it connected. */
  #since = 0

  constructor(origin: Origin, pool: UpstreamPool) {
    this.origin = origin
    this.#pool = pool
    const onConnect = (): void => {
      this.connected = true
      this.#since = pool.tick
    }
    const onDisconnect = (): void => {
      this.connected = false
      if (this.idle) this.drop()
    }
    const onSocket = (socket: Socket | null): void => {
      this.#socket = socket
    }
    this.client = pool.createClient(origin.name, { onSocket, onConnect, onDisconnect })
  }

  /** The connection's socket; null if there is none. */
  get socket(): Socket | null {
    const { client } = this
    return client instanceof WireConnection ? client.socket : this.#socket
  }

  /**
   * Starts the exchange. Returns true if the client will call the handler's `flush`; if false, the handler
   * must flush.
   */
  dispatch(request: WireRequest, handler: WireHandler): boolean {
    const { client } = this
    if (client instanceof WireConnection) {
      client.dispatch(request, handler)
      return true
    }
    client.dispatch(request as Dispatcher.DispatchOptions, handler)
    return false
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
    const { client } = this
    if (client instanceof WireConnection) client.end()
    else if (!client.destroyed) {
      client.destroy(null, ignore)
      // undici lets a pending connection run to its end, which a silent TLS server delays for `connectMs`.
      if (!this.connected) this.#socket?.destroy(givenUp)
    }
    this.#pool.forget(this)
  }
}

/** All upstream connections of one service. */
export class UpstreamPool implements Timed {
  readonly options: PoolOptions
  closed = false
  readonly #origins = new Map<string, Origin>()
  readonly #slots = new Set<PoolSlot>()
  readonly #connect: buildConnector.connector
  readonly #clock: WireClock

  constructor(options: PoolOptions) {
    this.options = options
    const { connectMs, idleMs, responseMs, lifetimeMs, gate, ca } = options
    this.#clock = new WireClock(Math.min(idleMs, responseMs, lifetimeMs || Infinity))
    const connect = buildConnector({
      timeout: connectMs,
      allowH2: false,
      ...(ca === undefined ? {} : { ca }),
    })
    this.#connect = gate === null ? connect : guardedConnector(gate, connectMs, connect)
  }

  /**
   * A connection to `name`, a lower-case `scheme://host:port`. The caller must give it back or drop it, once.
   */
  take(name: string): PoolSlot {
    let origin = this.#origins.get(name)
    const slot = origin?.idle.pop()
    if (slot !== undefined) {
      slot.idle = false
      this.count(cell.upstreamIdle, -1)
      return slot
    }
    if (origin === undefined) {
      origin = { name, idle: [], open: 0 }
      this.#origins.set(name, origin)
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

  /** Required by `Timed`; the pool itself sends nothing. */
  send(): void {}

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
    slot.origin.open -= 1
    this.count(cell.upstreamOpen, -1)
    if (slot.origin.open === 0) this.#origins.delete(slot.origin.name)
  }

  /** Closes all idle connections. The pool stays usable. */
  dropIdle(): void {
    for (const slot of [...this.#slots]) if (slot.idle) slot.drop()
  }

  close(): void {
    this.closed = true
    for (const slot of this.#slots) slot.drop()
  }

  /** For slots only. Creates our own connection for `http:`, undici's for everything else. */
  createClient(origin: string, { onSocket, onConnect, onDisconnect }: SlotEvents): Client | WireConnection {
    const { connectMs, responseMs, gate } = this.options
    const idleMs = Math.max(1, this.options.idleMs)
    if (origin.startsWith('http:')) {
      const clock = this.#clock
      const bounds = { connectMs, idleMs, responseMs }
      return new WireConnection({ origin, clock, ...bounds, gate, onConnect, onDisconnect })
    }
    const client = new Client(origin, {
      connect: (options, done) => {
        // The connector returns the socket it opens, although its type does not say so. The slot needs it to
        // drop a connection before `done`.
        const opening: unknown = this.#connect(options, (...result) => {
          onSocket(result[1])
          done(...result)
        })
        onSocket(opening as Socket)
      },
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: idleMs,
      // An upstream's Keep-Alive hint may shorten our idle timeout but never lengthen it.
      keepAliveMaxTimeout: idleMs,
      headersTimeout: Math.ceil(responseMs),
      bodyTimeout: Math.ceil(responseMs),
    })
    client.on('connect', onConnect)
    client.on('disconnect', onDisconnect)
    return client
  }
}

const givenUp = new Error('the request for this connection has ended')

const ignore = (): void => {}
