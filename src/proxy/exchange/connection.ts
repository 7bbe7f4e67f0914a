/** One admitted connection: its peer, protocol, bytes and waiting times. */
import type { Socket } from 'node:net'
import type { ServiceType } from '../../config/settings/settings.ts'
import { randomBytes } from '../../http/builtin.ts'
import type { H2Session } from '../../http/h2/session.ts'
import { type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { Admission } from './admission.ts'
import type { ClientSubject } from './client-subject.ts'
import { Turns } from './turns.ts'

/** The request that took over a connection (a CONNECT tunnel or an upgrade). */
export interface TakenOver {
  readonly method: string
  readonly target: string
  readonly upstream: string | null
  readonly service: ServiceType | null
  readonly user: string | null
}

let latestId = 0

export class Connection {
  /** Unique within its instance, increasing. */
  readonly id = ++latestId
  readonly openedAt = performance.now()
  /** Whether an operator has closed it. */
  isClosedByHand = false
  /** The request that has taken it over. */
  tunnel: TakenOver | null = null
  /** The stream that carries HTTP: the accepted socket, or TLS over it. */
  socket: Socket
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
  /** The HTTP/2 session; null over HTTP/1. Exchanges of a session run in parallel, each on a stream. */
  session: H2Session | null = null
  /** Number of running exchanges. */
  running = 0
  /** Whether its bytes are HTTP: false for a tunnel, and until the handshake is over. */
  isHttp = true
  /** Whether the rest of a request that was answered early is being read. */
  isReadingRest = false
  /** When it began to wait for a request; used by the client watch. */
  #waitingSince = this.openedAt
  /** When the client watch first saw part of a further head; -1 before that. */
  #headSince = -1
  #hasAsked = false
  /** Bytes added by the latest `account`. */
  received = 0
  sent = 0
  #turns: Turns | null = null
  #entered: Set<ServiceType> | null = null
  #madeUpName: string | null = null
  #read = 0
  #written = 0

  constructor(socket: Socket, peer: string, admittedAs: string | undefined) {
    this.socket = socket
    this.peer = peer
    this.admittedAs = admittedAs
    this.peerPort = socket.remotePort ?? 0
  }

  /** Sets the client that a PROXY header named; `admittedAs` is the address that admission counted for it. */
  identified(peer: string, port: number, admittedAs: string | undefined): void {
    this.peer = peer
    this.peerPort = port
    this.admittedAs = admittedAs
  }

  /** Begins to wait for requests. The first `skipped` bytes do not belong to them. */
  ready(skipped: number): void {
    this.isHttp = true
    this.#read = skipped
    this.rest(performance.now())
  }

  /** Obfuscated name of the peer, the same for all requests of the connection (RFC 7239 6.3). */
  get madeUpName(): string {
    this.#madeUpName ??= `_${randomBytes(6).toString('hex')}`
    return this.#madeUpName
  }

  /** Ends the TLS handshake: HTTP is spoken over `secure` from now on. */
  secured(secure: Socket): void {
    this.socket = secure
    this.scheme = 'https'
    this.ready(0)
    ;(secure as Tagged)[key] = this
  }

  /** Requests that wait for the running exchange to end. */
  get turns(): Turns {
    this.#turns ??= new Turns(this.socket)
    return this.#turns
  }

  /** Time that the exchange starting now has waited for its turn. */
  get waitedMs(): number {
    return this.#turns === null ? 0 : this.#turns.waitedMs
  }

  /** Whether a new exchange has to wait for its turn. */
  get isBusy(): boolean {
    return this.running > 0 || this.isAwaited
  }

  get isAwaited(): boolean {
    return this.#turns !== null && this.#turns.waiting > 0
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

  /** Called when the rest of a request that was answered early has arrived. */
  restAfterRead(now: number): void {
    this.#read = this.socket.bytesRead
    this.rest(now)
  }

  /** Whether it has waited too long for a request (`idle`) or for the rest of a head (`late`). */
  overdue(now: number, headerMs: number, idleMs: number): 'idle' | 'late' | null {
    const { socket } = this
    if (this.running > 0 || this.isReadingRest || this.isAwaited || !this.isHttp || socket.writableEnded) {
      return null
    }
    const read = socket.bytesRead
    if (!this.#hasAsked) {
      if (now - this.#waitingSince < headerMs) return null
      return read === this.#read ? 'idle' : 'late'
    }
    if (this.#headSince === -1) {
      if (read === this.#read) return now - this.#waitingSince < idleMs ? null : 'idle'
      this.#headSince = now
    }
    return now - this.#headSince < headerMs ? null : 'late'
  }

  /** Bytes read and written so far that belong to ended exchanges. */
  get accounted(): { readonly read: number; readonly written: number } {
    return { read: this.#read, written: this.#written }
  }

  /** Whether bytes have arrived that are not accounted for yet, that is, part of a request. */
  get hasBegun(): boolean {
    return this.socket.bytesRead > this.#read
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
    else if (this.running === 0) this.socket.destroySoon()
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

  /**
   * Adds the bytes transferred since the last call to `block`: bytes of the client's connection, heads and
   * framing included. Every byte of a connection is counted once, for the request that ended (or was
   * rejected) last.
   */
  account(block: CounterBlock): void {
    const read = this.socket.bytesRead
    const written = this.socket.bytesWritten
    this.received = read - this.#read
    this.sent = written - this.#written
    block[cell.bytesReceived] = (block[cell.bytesReceived] ?? 0) + this.received
    block[cell.bytesSent] = (block[cell.bytesSent] ?? 0) + this.sent
    this.#read = read
    this.#written = written
  }
}

const key = Symbol('connection')

type Tagged = Socket & { [key]?: Connection }

export function attachConnection(socket: Socket, peer: string, admittedAs: string | undefined): Connection {
  const connection = new Connection(socket, peer, admittedAs)
  ;(socket as Tagged)[key] = connection
  return connection
}

/** Undefined for a socket that was not admitted. */
export function connectionOf(socket: Socket): Connection | undefined {
  return (socket as Tagged)[key]
}

/**
 * Runs the task after all earlier exchanges of the connection, as the last one; returns false if none is
 * running.
 */
export function afterRunning(socket: Socket, task: () => void): boolean {
  const connection = connectionOf(socket)
  if (connection === undefined || !connection.isBusy) return false
  connection.turns.waitLast(task)
  return true
}
