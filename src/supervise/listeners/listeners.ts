/**
 * The sockets behind the listener charts. Main binds; a bound server moves to an instance together with the connections that main
 * accepted meanwhile and never read. For each socket main keeps a spare, from which it does not accept: if an instance ends without
 * giving the socket back, the accept queue still exists. A server leaves main after its spare is made.
 */

import { createServer, type Server, type Socket } from 'node:net'
import type { ListenAddress } from '../../config/settings/settings.ts'
import { BifrostError } from '../../errors.ts'
import type { Channel } from '../channel/channel.ts'
import { listen, listenOn, probe } from './bind.ts'
import { inTurn } from './bind-turn.ts'
import { HeldSockets, type HoldLimits } from './held.ts'
import type { SocketHandle } from './mirror.ts'
import { type RefusalCode, Refuser } from './refusal.ts'
import { Spares } from './spares.ts'

interface Entry {
  readonly key: string
  /** As configured. */
  readonly address: ListenAddress
  /** Entries of one group are the same address, shared by several instances. */
  readonly group: string
  /** Whether its instances can end alone. */
  readonly isContained: boolean
  server: Server | null
  /** The latest server, kept after it has left: a spare of it is a spare of the socket that listens. */
  source: Server | null
  spare: SocketHandle | null
  /** Settles when the spare that is being made is there, or cannot be had. */
  sparing: Promise<void> | null
  /** The server went without a spare, and is called back for one. */
  respare: NodeJS.Timeout | null
  /** There must be no listener here until it is bound again. */
  isReleased: boolean
  /** An instance has had the server. */
  hasServed: boolean
  /** New connections are refused at once. */
  isRefusing: boolean
  readonly held: HeldSockets
}

export interface ListenerSpec {
  readonly key: string
  readonly address: ListenAddress
  readonly group: string
  readonly isContained: boolean
  /** Its clients begin with a TLS handshake. */
  readonly isTls?: boolean
}

export interface ListenersOptions {
  readonly hold?: HoldLimits
  readonly spares?: Spares
  /** Main has refused a connection. */
  readonly onRefused?: (key: string, code: RefusalCode) => void
  /** The server of a key had to leave without a spare. */
  readonly onUnspared?: (key: string) => void
  /** Time to try again to make that spare. */
  readonly onRespare?: (key: string) => void
}

const defaultHold: HoldLimits = { maxHeld: 1024, maxHeldMs: 30_000 }

export class Listeners {
  readonly #entries = new Map<string, Entry>()
  /** Port that the kernel chose for a group, once it is known. */
  readonly #ports = new Map<string, number>()
  readonly #firsts = new Map<string, Promise<void>>()
  readonly #options: ListenersOptions
  readonly #spares: Spares
  #isClosed = false

  constructor(specs: readonly ListenerSpec[], options: ListenersOptions = {}) {
    this.#options = options
    this.#spares = options.spares ?? new Spares()
    const refuser = new Refuser()
    for (const { isTls = false, ...spec } of specs) {
      const held = new HeldSockets({
        limits: options.hold ?? defaultHold,
        refuser,
        isSilent: isTls,
        reason: () => (entry.hasServed ? 'WORKER_RESTARTING' : 'WORKER_STARTING'),
        onRefused: (code) => options.onRefused?.(spec.key, code),
      })
      const entry: Entry = {
        ...spec,
        server: null,
        source: null,
        spare: null,
        sparing: null,
        respare: null,
        isReleased: false,
        hasServed: false,
        isRefusing: false,
        held,
      }
      this.#entries.set(spec.key, entry)
    }
  }

  /** Listens on the address of `key` and begins to hold. Throws LISTEN_FAILED with a hint. */
  async bind(key: string): Promise<void> {
    const entry = this.#entry(key)
    entry.isReleased = false
    // It never left: its instance ended before it got the server, or gave it back.
    if (entry.server?.listening) return
    // The first of a group finds whether the address is free and, for port 0, which port it is; the others follow.
    const first = this.#firsts.get(entry.group)
    if (first === undefined) {
      const opened = this.#open(entry, true)
      this.#firsts.set(entry.group, opened)
      await opened
    } else {
      await first
      await this.#open(entry, false)
    }
  }

  async #open(entry: Entry, isFirst: boolean): Promise<void> {
    const at = { host: entry.address.host, port: this.#ports.get(entry.group) ?? entry.address.port }
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
    // Later, other servers of the group, or one that is stuck with it, may be there, and rightly so.
    if (isFirst) await inTurn(at.port, () => probe(at).then(() => listen(server, at, true)))
    else {
      // A second socket next to a pending spare would leave connections that the kernel deals to the other
      // one without an answer.
      await entry.sparing
      const { spare } = entry
      entry.spare = null
      await (spare === null ? listen(server, at, true) : listenOn(server, at, spare))
    }
    const bound = server.address()
    if (bound !== null && typeof bound === 'object') this.#ports.set(entry.group, bound.port)
    if (this.#isClosed || entry.isReleased) {
      server.close()
      throw new BifrostError('LISTEN_FAILED', 'the daemon is stopping')
    }
    this.#hold(entry, server)
  }

  /** Takes back a server that an instance has returned, and holds accepted connections. */
  adopt(key: string, server: Server): void {
    const entry = this.#entry(key)
    if (this.#isClosed || entry.isReleased) server.close()
    else this.#hold(entry, Object.assign(server, { pauseOnConnect: true, allowHalfOpen: true }))
  }

  /**
   * Closes the server that `adopt` took last: an instance listens on `key` already and has its accept queue.
   */
  drop(key: string): void {
    const entry = this.#entry(key)
    entry.server?.close()
    entry.server = null
  }

  /** Holds a socket that an instance was to get and did not. */
  holdAgain(key: string, socket: Socket): void {
    const entry = this.#entry(key)
    if (this.#isClosed || entry.isReleased) entry.held.refuse(socket, 'DRAINING')
    else this.#holdSocket(entry, socket)
  }

  /** Whether the server of `key` may leave: should its instance die, the accept queue stays. */
  isSpared(key: string): boolean {
    const { isContained, spare } = this.#entry(key)
    return !isContained || spare !== null
  }

  /** Settles when the spare of `key` is made, or could not be made in time. */
  async sparing(key: string): Promise<void> {
    const entry = this.#entry(key)
    if (entry.server !== null) this.#spare(entry, entry.server)
    await entry.sparing
  }

  /** Moves the server of `key` and the sockets held for it to an instance. */
  move(key: string, channel: Channel): void {
    const entry = this.#entry(key)
    const { server } = entry
    if (server === null) return
    if (!this.isSpared(key)) this.#missSpare(entry)
    entry.server = null
    entry.hasServed = true
    server.removeAllListeners('connection')
    const held = entry.held.take()
    channel.post({ type: 'listener.take', key, server, held }, [server, ...held])
  }

  /** No instance will come: refuses held connections for `key`, and later ones at once. */
  refuseAll(key: string): void {
    const entry = this.#entry(key)
    entry.isRefusing = true
    entry.held.refuseAll('WORKER_GAVE_UP')
  }

  /** Ends `refuseAll`. */
  hold(key: string): void {
    this.#entry(key).isRefusing = false
  }

  /** Stops listening on `key` in main and refuses held connections, until the next bind. */
  suspend(key: string, code: RefusalCode = 'OUT_OF_SERVICE'): void {
    const entry = this.#entry(key)
    entry.isReleased = true
    entry.isRefusing = false
    entry.server?.close()
    entry.server = null
    entry.spare?.close()
    entry.spare = null
    this.#endRespare(entry)
    entry.held.refuseAll(code)
  }

  /** Like `suspend`, for good. */
  release(key: string): void {
    this.suspend(key, 'DRAINING')
    // A copy on its way would go on listening until it arrives.
    if ([...this.#entries.values()].every(({ isReleased }) => isReleased)) this.#spares.close()
  }

  close(): void {
    this.#isClosed = true
    for (const key of this.#entries.keys()) this.release(key)
  }

  /** Address of `key`, with the port that the kernel chose. */
  addressOf(key: string): ListenAddress {
    const { address, group } = this.#entry(key)
    return { host: address.host, port: this.#ports.get(group) ?? address.port }
  }

  heldCount(key: string): number {
    return this.#entry(key).held.size
  }

  #entry(key: string): Entry {
    const entry = this.#entries.get(key)
    if (entry === undefined) throw new BifrostError('INTERNAL', `there is no listener ${key}`)
    return entry
  }

  #hold(entry: Entry, server: Server): void {
    // Between two owners both servers may exist for a moment; connections that the older one accepts are held
    // too.
    entry.server?.close()
    entry.server = server
    entry.source = server
    this.#endRespare(entry)
    // Without a descriptor left an accept fails; the next may succeed.
    server.on('error', () => {})
    server.on('connection', (socket) => this.#holdSocket(entry, socket))
    this.#spare(entry, server)
  }

  #holdSocket(entry: Entry, socket: Socket): void {
    if (entry.isRefusing) entry.held.refuse(socket, 'WORKER_GAVE_UP')
    else entry.held.hold(socket)
  }

  #spare(entry: Entry, server: Server): void {
    if (entry.isContained && entry.spare === null) entry.sparing ??= this.#makeSpare(entry, server)
  }

  async #makeSpare(entry: Entry, server: Server): Promise<void> {
    const isSame = () => entry.source === server && !entry.isReleased
    const spare = await this.#spares.make(server, () => isSame() && server.listening)
    entry.sparing = null
    if (isSame()) entry.spare = spare
    else spare?.close()
  }

  #missSpare(entry: Entry): void {
    this.#options.onUnspared?.(entry.key)
    this.#endRespare(entry)
    entry.respare = setTimeout(() => this.#options.onRespare?.(entry.key), this.#spares.retryMs).unref()
  }

  #endRespare(entry: Entry): void {
    if (entry.respare !== null) clearTimeout(entry.respare)
    entry.respare = null
  }
}
