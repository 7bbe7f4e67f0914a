import { createServer, type Server, type Socket } from 'node:net'
import type { ListenAddress } from '../config/settings.ts'
import { BifrostError, errorTable } from '../errors.ts'
import { bindFailure } from './bind-error.ts'
import { inTurn } from './bind-turn.ts'
import type { Channel } from './channel.ts'
import { Mirror, type SocketHandle } from './mirror.ts'

/**
 * The sockets behind the listener charts. Main binds; a bound server is moved to an instance together with what main
 * accepted meanwhile. What main accepts it never reads. Of each socket main keeps a spare, on which nobody accepts: when an instance
 * ends without giving the socket back, its accept queue is still there.
 */
interface Entry {
  readonly key: string
  /** As configured. */
  readonly address: ListenAddress
  /** Entries of one group are the same address, shared by several instances. */
  readonly group: string
  /** Whether its instances can end alone. */
  readonly isContained: boolean
  server: Server | null
  spare: SocketHandle | null
  /** Settles when the spare that is being made is there, or cannot be had. */
  sparing: Promise<void> | null
  /** Nobody is to listen here, unless it is bound again. */
  isReleased: boolean
  readonly held: Set<Socket>
}

export interface ListenerSpec {
  readonly key: string
  readonly address: ListenAddress
  readonly group: string
  readonly isContained: boolean
}

export interface HoldLimits {
  /** Held sockets beyond this are refused. */
  readonly maxHeld: number
  /** A socket held for longer is refused. */
  readonly maxHeldMs: number
}

/** A replacement waits for a spare that is being made, but not for ever. */
const maxSparingMs = 1_000

const defaultHold: HoldLimits = { maxHeld: 1024, maxHeldMs: 5_000 }

const refusalBody = `DRAINING: ${errorTable.DRAINING.message}\n`
/** The answer to a socket that is not held any longer. Main never loads src/http, so it has an own one. */
const refusal = Buffer.from(
  `HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${refusalBody.length}\r\nConnection: close\r\n\r\n${refusalBody}`,
)

export class Listeners {
  readonly #entries = new Map<string, Entry>()
  /** Port that the kernel chose for a group, once it is known. */
  readonly #ports = new Map<string, number>()
  readonly #firsts = new Map<string, Promise<void>>()
  readonly #limits: HoldLimits
  readonly #mirror = new Mirror()
  #isClosed = false

  constructor(specs: readonly ListenerSpec[], limits: HoldLimits = defaultHold) {
    this.#limits = limits
    for (const spec of specs)
      this.#entries.set(spec.key, {
        ...spec,
        server: null,
        spare: null,
        sparing: null,
        isReleased: false,
        held: new Set(),
      })
  }

  /** Listens on the address of `key` and begins to hold. Throws LISTEN_FAILED with a hint. */
  async bind(key: string): Promise<void> {
    const entry = this.#entry(key)
    entry.isReleased = false
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
      // A socket of its own beside a spare that is still to come would leave what the kernel deals to the other without an answer.
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

  /** Takes a server back that an instance has returned, and holds what it accepts. */
  adopt(key: string, server: Server): void {
    const entry = this.#entry(key)
    if (this.#isClosed || entry.isReleased) server.close()
    else this.#hold(entry, Object.assign(server, { pauseOnConnect: true, allowHalfOpen: true }))
  }

  /** Closes the server that `adopt` took at last: an instance listens on `key` already, and has its accept queue. */
  drop(key: string): void {
    const entry = this.#entry(key)
    entry.server?.close()
    entry.server = null
  }

  /** Holds a socket that an instance was to get and did not. */
  holdAgain(key: string, socket: Socket): void {
    const entry = this.#entry(key)
    if (this.#isClosed) this.#refuse(entry, socket)
    else this.#holdSocket(entry, socket)
  }

  /** Moves the server of `key` and the sockets held for it to an instance. */
  move(key: string, channel: Channel): void {
    const entry = this.#entry(key)
    const { server } = entry
    if (server === null) return
    const held = [...entry.held].filter((socket) => !socket.destroyed)
    entry.held.clear()
    entry.server = null
    server.removeAllListeners('connection')
    for (const socket of held) socket.removeAllListeners('close').removeAllListeners('error')
    channel.post({ type: 'listener.take', key, server, held }, [server, ...held])
  }

  /** Stops listening on `key` in main and refuses what is held for it, until it is bound again. */
  suspend(key: string): void {
    const entry = this.#entry(key)
    entry.isReleased = true
    entry.server?.close()
    entry.server = null
    entry.spare?.close()
    entry.spare = null
    for (const socket of entry.held) this.#refuse(entry, socket)
  }

  /** As `suspend`, for good. */
  release(key: string): void {
    this.suspend(key)
    // A copy on its way would go on listening until it arrives.
    if ([...this.#entries.values()].every(({ isReleased }) => isReleased)) this.#mirror.close()
  }

  close(): void {
    this.#isClosed = true
    for (const key of this.#entries.keys()) this.release(key)
  }

  /** Where `key` listens, with the port that the kernel chose. */
  addressOf(key: string): ListenAddress {
    const { address, group } = this.#entry(key)
    return { host: address.host, port: this.#ports.get(group) ?? address.port }
  }

  heldCount(key: string): number {
    return this.#entry(key).held.size
  }

  #entry(key: string): Entry {
    const entry = this.#entries.get(key)
    if (entry === undefined) throw new BifrostError('INTERNAL', `no listener is called ${key}`)
    return entry
  }

  #hold(entry: Entry, server: Server): void {
    // Between two owners both may be there for a moment; what the older one accepts is held as well.
    entry.server?.close()
    entry.server = server
    // Without a descriptor left an accept fails; the next may succeed.
    server.on('error', () => {})
    server.on('connection', (socket) => this.#holdSocket(entry, socket))
    if (entry.isContained && entry.spare === null) entry.sparing ??= this.#makeSpare(entry, server)
  }

  async #makeSpare(entry: Entry, server: Server): Promise<void> {
    const patience = Promise.withResolvers<null>()
    const timer = setTimeout(patience.resolve, maxSparingMs, null)
    const copy = this.#mirror.copy(server)
    const spare = await Promise.race([copy, patience.promise])
    clearTimeout(timer)
    entry.sparing = null
    if (spare === null) void copy.then((late) => late?.close())
    else if (entry.isReleased) spare.close()
    else entry.spare = spare
  }

  #holdSocket(entry: Entry, socket: Socket): void {
    socket.on('error', () => entry.held.delete(socket))
    if (entry.held.size >= this.#limits.maxHeld) {
      this.#refuse(entry, socket)
      return
    }
    entry.held.add(socket)
    const timer = setTimeout(() => this.#expire(entry, socket), this.#limits.maxHeldMs)
    timer.unref()
    socket.once('close', () => {
      clearTimeout(timer)
      entry.held.delete(socket)
    })
  }

  #expire(entry: Entry, socket: Socket): void {
    if (entry.held.has(socket)) this.#refuse(entry, socket)
  }

  #refuse(entry: Entry, socket: Socket): void {
    entry.held.delete(socket)
    socket.end(refusal, () => socket.destroySoon())
  }
}

/**
 * Servers of ours share their port (`reusePort`), and so would those of a second daemon, unnoticed. A plain bind finds
 * whether anybody is there.
 */
async function probe(at: ListenAddress): Promise<void> {
  if (at.port === 0) return
  const server = createServer()
  await listen(server, at, false)
  await new Promise((resolve) => server.close(resolve))
}

const backlog = 1024

function listen(server: Server, at: ListenAddress, isShared: boolean): Promise<void> {
  return listening(server, at, (done) =>
    server.listen({ host: at.host, port: at.port, reusePort: isShared, backlog }, done),
  )
}

/** Accepts on a socket that listens already. */
function listenOn(server: Server, at: ListenAddress, handle: SocketHandle): Promise<void> {
  return listening(server, at, (done) => server.listen(handle, backlog, done))
}

function listening(server: Server, at: ListenAddress, start: (done: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(bindFailure(at, cause)))
    start(() => {
      server.removeAllListeners('error')
      resolve()
    })
  })
}
