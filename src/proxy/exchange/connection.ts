import type { Socket } from 'node:net'
import type { ServiceType } from '../../config/settings/settings.ts'
import { randomBytes } from '../../http/builtin.ts'
import type { H2Session } from '../../http/h2/session.ts'
import { type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { Admission } from './admission.ts'
import type { ClientSubject } from './client-subject.ts'
import { Turns } from './turns.ts'

/** Of the exchange that a connection has become. */
export interface TakenOver {
  readonly method: string
  readonly target: string
  readonly upstream: string | null
  readonly service: ServiceType | null
  readonly user: string | null
}

let latestId = 0

/** What the edge knows of one admitted connection. */
export class Connection {
  /** Counts up in its instance. */
  readonly id = ++latestId
  readonly openedAt = performance.now()
  /** An operator has closed it. */
  isClosedByHand = false
  /** What has taken it over. */
  tunnel: TakenOver | null = null
  /** What HTTP is spoken over: the accepted socket, or TLS over it. */
  socket: Socket
  scheme: 'http' | 'https' = 'http'
  /** The canonical address of the peer, or of the client that a PROXY header named; `unix:` on a Unix socket. */
  peer: string
  /** Beside `peer`: its port; 0 where there is none, or it is not known. */
  peerPort: number
  /** The address that the worker's admission has counted; undefined: none. */
  admittedAs: string | undefined
  /** From the client's certificate. */
  subject: ClientSubject | null = null
  /** The service of the latest request, in a worker that has several. */
  service: ServiceType | null = null
  /** Set where the connection speaks HTTP/2: its exchanges run beside each other, each on a stream. */
  session: H2Session | null = null
  /** Exchanges that have begun and not ended. */
  running = 0
  /** Its bytes are those of requests: false for a tunnel, and before the end of a handshake. */
  isHttp = true
  /** The rest of a request is being read that was answered early. */
  isReadingRest = false
  /** Since when it waits for a request; the client watch's clock. */
  #waitingSince = this.openedAt
  /** When a further head was seen to have begun; -1 when none has. */
  #headSince = -1
  #hasAsked = false
  /** What the latest `account` has added. */
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

  /** A PROXY header named the client `peer`; `admittedAs` is the address that admission counted for it. */
  identified(peer: string, port: number, admittedAs: string | undefined): void {
    this.peer = peer
    this.peerPort = port
    this.admittedAs = admittedAs
  }

  /** Requests are waited for from here on; the first `skipped` bytes were none of theirs. */
  ready(skipped: number): void {
    this.isHttp = true
    this.#read = skipped
    this.rest(performance.now())
  }

  /** A name for the peer that says nothing about it, the same for all requests of the connection (RFC 7239 6.3). */
  get madeUpName(): string {
    this.#madeUpName ??= `_${randomBytes(6).toString('hex')}`
    return this.#madeUpName
  }

  /** The handshake is over: from here on HTTP is spoken over `secure`, and a request waited for. */
  secured(secure: Socket): void {
    this.socket = secure
    this.scheme = 'https'
    this.ready(0)
    ;(secure as Tagged)[key] = this
  }

  /** Who waits for the running exchange to end. */
  get turns(): Turns {
    this.#turns ??= new Turns(this.socket)
    return this.#turns
  }

  /** How long the exchange that begins in this moment has waited for its turn. */
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

  /** How long its first request took to come, from the start of the connection; -1 for later ones, whose start is not seen. */
  firstHeadMs(now: number): number {
    return this.#hasAsked ? -1 : now - this.#waitingSince
  }

  /** An exchange begins. */
  begin(): void {
    this.running += 1
    this.#hasAsked = true
  }

  /** An exchange is over; called when its bytes are accounted for. */
  end(now: number): void {
    this.running -= 1
    this.rest(now)
  }

  /** Waits for the next request from here on. */
  rest(now: number): void {
    this.#waitingSince = now
    this.#headSince = -1
  }

  /** The rest of an answered request has come. */
  restAfterRead(now: number): void {
    this.#read = this.socket.bytesRead
    this.rest(now)
  }

  /** Whether it has waited too long: for a request (`idle`) or for the rest of a head (`late`). */
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

  /** Bytes of the client's that belong to exchanges that have ended, and bytes written for those. */
  get accounted(): { readonly read: number; readonly written: number } {
    return { read: this.#read, written: this.#written }
  }

  /** Whether something has come that is not accounted for yet: part of a request. */
  get hasBegun(): boolean {
    return this.socket.bytesRead > this.#read
  }

  /** Moves the connection to the service of its request; false when that has no room. */
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

  /** The connection is closed: it leaves what it has entered. */
  leave(admissions: Partial<Record<ServiceType, Admission>>): void {
    if (this.#entered !== null) for (const type of this.#entered) admissions[type]?.close()
    else if (this.service !== null) admissions[this.service]?.close()
  }

  /** Ends the connection when nothing runs on it any more. */
  retire(): void {
    if (this.session !== null) this.session.retire()
    else if (this.running === 0) this.socket.destroySoon()
  }

  /** Exchanges of several services run at once here, so the connection stays in each. */
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
   * Adds what went over the wire since the last call to `block`: bytes are those of the client's connection, heads and framing included.
   * Every byte of a connection is counted once, on behalf of the request that ended last (or was rejected).
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

/** Undefined for a socket that the edge did not admit. */
export function connectionOf(socket: Socket): Connection | undefined {
  return (socket as Tagged)[key]
}

/** Runs the task after the exchanges that came before, and nothing after it; false when none is running. */
export function afterRunning(socket: Socket, task: () => void): boolean {
  const connection = connectionOf(socket)
  if (connection === undefined || !connection.isBusy) return false
  connection.turns.waitLast(task)
  return true
}
