/** One admitted connection: its peer, protocol, bytes and waiting times. */
import type { ServiceType } from '../../config/settings/settings.ts'
import { randomBytes } from '../../http/builtin.ts'
import type { H2Session } from '../../http/h2/session.ts'
import type { Transport, TransportKeeper } from '../../http/transport/transport.ts'
import type { ServerConnection } from '../../http/wire/server/connection.ts'
import { add, type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { Admission } from './admission.ts'
import type { ClientSubject } from './client-subject.ts'
import type { HandedOver } from './handed-over.ts'

/** The request that took over a connection (a CONNECT tunnel or an upgrade). */
export interface TakenOver {
  readonly method: string
  readonly target: string
  readonly upstream: string | null
  readonly service: ServiceType | null
  readonly user: string | null
}

/** Learns of the end of connections. */
export interface ConnectionKeeper {
  closed(connection: Connection): void
}

let latestId = 0

export class Connection implements TransportKeeper {
  /** Unique within its instance, increasing. */
  readonly id = ++latestId
  openedAt = performance.now()
  /** Index among the open connections; -1 if it is not one of them. */
  place = -1
  /** Whether an operator has closed it. */
  isClosedByHand = false
  /** The request that has taken it over. */
  tunnel: TakenOver | null = null
  /** The stream that carries HTTP: the accepted one, or TLS over it. */
  transport: Transport
  scheme: 'http' | 'https' = 'http'
  /** Canonical address of the peer, or of the client named by a PROXY header; `unix:` on a Unix socket. */
  peer: string
  /** Port of `peer`; 0 if unknown or without one. */
  peerPort: number
  /** Address counted by the worker's admission; undefined if none was counted. */
  admittedAs: string | undefined
  /** Subject of the client's certificate. */
  subject: ClientSubject | null = null
  /** Service of the latest request, in a combined worker. */
  service: ServiceType | null = null
  /** Reads HTTP/1.1; null before HTTP begins, over HTTP/2 and once the connection is taken over. */
  http: ServerConnection | null = null
  /** The HTTP/2 session; null over HTTP/1. Exchanges of a session run in parallel, each on a stream. */
  session: H2Session | null = null
  /** Number of running exchanges. */
  running = 0
  /** Bytes added by the latest `account`. */
  received = 0
  sent = 0
  /** When it began to wait for a request; used by the client watch. */
  #waitingSince = this.openedAt
  /** When the client watch first saw part of a further head; -1 before that. */
  #headSince = -1
  #hasAsked = false
  #entered: Set<ServiceType> | null = null
  #madeUpName: string | null = null
  #read = 0
  #written = 0
  readonly #keeper: ConnectionKeeper

  constructor(transport: Transport, peer: string, admittedAs: string | undefined, keeper: ConnectionKeeper) {
    this.transport = transport
    this.peer = peer
    this.admittedAs = admittedAs
    this.peerPort = transport.remotePort
    this.#keeper = keeper
    transport.keeper = this
  }

  transportClosed(): void {
    this.#keeper.closed(this)
  }

  /** Sets the client that a PROXY header named; `admittedAs` is the address that admission counted for it. */
  identified(peer: string, port: number, admittedAs: string | undefined): void {
    this.peer = peer
    this.peerPort = port
    this.admittedAs = admittedAs
  }

  /**
   * Gives the connection to another instance. Null if that cannot be: over TLS and HTTP/2, and unless it waits for a
   * request of which it has read nothing. What follows its last request may have been read; it is given along.
   */
  handOver(): HandedOver | null {
    if (this.running > 0 || this.transport.isClosed) return null
    const detached = this.http?.detach() ?? null
    if (detached === null) return null
    this.http = null
    this.#keeper.closed(this)
    const now = performance.now()
    return {
      ...detached,
      peer: this.peer,
      peerPort: this.peerPort,
      service: this.service,
      hasAsked: this.#hasAsked,
      ageMs: now - this.openedAt,
      waitedMs: now - this.#waitingSince,
      madeUpName: this.#madeUpName,
    }
  }

  /** Goes on where another instance has stopped. */
  goOn(from: HandedOver): void {
    const now = performance.now()
    this.peerPort = from.peerPort
    this.service = from.service
    this.openedAt = now - from.ageMs
    this.#hasAsked = from.hasAsked
    this.#waitingSince = now - from.waitedMs
    this.#madeUpName = from.madeUpName
  }

  /** Whether it has sent a request. */
  get hasAsked(): boolean {
    return this.#hasAsked
  }

  /** Begins to wait for requests, on the transport that carries them. */
  ready(transport: Transport): void {
    this.transport.keeper = null
    this.transport = transport
    transport.keeper = this
    this.rest(performance.now())
  }

  /** Obfuscated name of the peer, the same for all requests of the connection (RFC 7239 6.3). */
  get madeUpName(): string {
    this.#madeUpName ??= `_${randomBytes(6).toString('hex')}`
    return this.#madeUpName
  }

  /**
   * Time from the start of the connection to the end of its first request head; -1 for later heads, whose
   * start is not observed.
   */
  firstHeadMs(now: number): number {
    return this.#hasAsked ? -1 : now - this.#waitingSince
  }

  /** Called when an exchange begins. */
  begin(): void {
    this.running += 1
    this.#hasAsked = true
  }

  /** Called when an exchange is over and its bytes are accounted for. */
  end(now: number): void {
    this.running -= 1
    this.rest(now)
  }

  /** Begins to wait for the next request. */
  rest(now: number): void {
    this.#waitingSince = now
    this.#headSince = -1
  }

  /** Called when the rest of a request that was answered early has arrived; it belongs to no exchange. */
  restAfterRead(now: number): void {
    this.#read = this.#usedBytes
    this.rest(now)
  }

  /** Whether it has waited too long for a request (`idle`) or for the rest of a head (`late`). */
  overdue(now: number, headerMs: number, idleMs: number): 'idle' | 'late' | null {
    const { http } = this
    if (http === null || !http.isWaiting || this.running > 0) return null
    if (!this.#hasAsked) {
      if (now - this.#waitingSince < headerMs) return null
      return http.hasBegun ? 'late' : 'idle'
    }
    if (!http.hasBegun) return now - this.#waitingSince < idleMs ? null : 'idle'
    if (this.#headSince === -1) this.#headSince = now
    return now - this.#headSince < headerMs ? null : 'late'
  }

  /** Bytes read and written so far that belong to ended exchanges. */
  get accounted(): { readonly read: number; readonly written: number } {
    return { read: this.#read, written: this.#written }
  }

  /** Moves the connection to the service of its request; returns false if the service is full. */
  enter(type: ServiceType, admissions: Partial<Record<ServiceType, Admission>>): boolean {
    if (this.service === type) return true
    const admission = admissions[type]
    if (admission === undefined) return true
    if (this.session !== null) return this.#enterAlso(type, admission)
    if (!admission.open()) return false
    if (this.service !== null) admissions[this.service]?.close()
    this.service = type
    return true
  }

  /** Leaves all services that the closed connection has entered. */
  leave(admissions: Partial<Record<ServiceType, Admission>>): void {
    if (this.#entered !== null) for (const type of this.#entered) admissions[type]?.close()
    else if (this.service !== null) admissions[this.service]?.close()
  }

  /** Ends the connection as soon as no exchange runs on it. */
  retire(): void {
    if (this.session !== null) this.session.retire()
    else this.http?.retire()
  }

  /** Streams of several services run at the same time, so the connection stays in each of them. */
  #enterAlso(type: ServiceType, admission: Admission): boolean {
    this.#entered ??= new Set()
    if (!this.#entered.has(type)) {
      if (!admission.open()) return false
      this.#entered.add(type)
    }
    this.service = type
    return true
  }

  /** Bytes of the client that belong to requests so far; bytes of later requests may have arrived as well. */
  get #usedBytes(): number {
    return this.http === null ? this.transport.bytesRead : this.http.usedBytes
  }

  /**
   * Adds the bytes transferred since the last call to `block`: bytes of the client's connection, heads and
   * framing included. Every byte of a connection is counted once, for the request that ended (or was
   * rejected) last. `all` includes bytes that no request has used.
   */
  account(block: CounterBlock, all = false): void {
    const read = all ? this.transport.bytesRead : this.#usedBytes
    const written = this.transport.bytesWritten
    this.received = read - this.#read
    this.sent = written - this.#written
    add(block, cell.bytesReceived, this.received)
    add(block, cell.bytesSent, this.sent)
    this.#read = read
    this.#written = written
  }
}
