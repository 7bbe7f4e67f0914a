import type { IncomingHttpHeaders } from 'node:http'
import type { PaceSettings, ServiceType } from '../../config/settings/settings.ts'
import { type ErrorCode, errorTable } from '../../errors.ts'
import type { HttpResponse } from '../../http/message.ts'
import { bodyLength } from '../../http/reply/reply.ts'
import type { RelayOwner } from '../../http/upstream/relay.ts'
import type { TunnelEnd } from '../../http/upstream/tunnel.ts'
import type { AccessRecord } from '../../telemetry/access-log/access-record.ts'
import { add, type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { Meter } from '../../telemetry/metrics/meter.ts'
import type { Lane } from '../data-plane/service-contexts.ts'
import type { Head } from '../decide/decide.ts'
import type { Peer } from '../trace/trace.ts'
import type { Connection } from './connection.ts'
import { countFailure, finished, measureAttempt, measureRest } from './measure.ts'
import type { Pace } from './pace.ts'
import { causeOf, type ExchangeScope, idFields, type Work } from './scope.ts'
import { endCodes, isFailure, terminationOf, tunnelOutcome } from './termination.ts'
import { Traced } from './traced.ts'

/**
 * One request and its response, for the counters and the access log. A plain exchange finishes when its response closes; one that takes
 * its connection over (a tunnel) is counted when that happens, counts its own bytes, and has its line when it ends.
 */
export class Exchange extends Traced implements RelayOwner, AccessRecord {
  readonly connection: Connection
  readonly block: CounterBlock
  /** How slow its client may be. */
  readonly bounds: PaceSettings
  /** The client watch's own; made when it first looks, so a short exchange has none. */
  pace: Pace | null = null
  /** The client's address: the peer's, or the one that a trusted proxy has named. */
  client: string
  /** Whether the peer is a proxy that is believed where the request comes from. */
  isTrusted = false
  /** What X-Request-Id names it; null where the worker has no request ids. */
  requestId: string | null = null
  /** The request id that the client is shown. */
  shownId: string | null = null
  /** Who it was authenticated as. */
  user: string | null = null
  /** Its index among those that run, -1 when it is none of them. */
  place = -1
  /** Null until it is followed. */
  response: HttpResponse | null = null
  work: Work | null = null
  status = 0
  code: ErrorCode | null = null
  termination = '--'
  tunnelEnd: TunnelEnd | null = null
  upstream: string | null = null
  attempts = 0
  isReused = false
  received = 0
  sent = 0
  readonly headMs: number
  readonly startedAt = performance.now()
  connectedAt = 0
  answeredAt = 0
  endedAt = 0
  readonly #head: Head
  readonly #lane: Lane
  readonly #scope: ExchangeScope
  #isFinished = false
  #isTakenOver = false

  constructor(
    connection: Connection,
    head: Head,
    headers: IncomingHttpHeaders,
    lane: Lane,
    route: number,
    scope: ExchangeScope,
  ) {
    super(head.method, route, headers, connection)
    this.connection = connection
    this.client = connection.peer
    this.#head = head
    this.#lane = lane
    this.block = lane.block
    lane.meter.active(this.methodId, connection.scheme === 'https', 1)
    this.bounds = lane.bounds
    this.#scope = scope
    this.headMs = connection.firstHeadMs(this.startedAt)
    connection.begin()
  }

  /** Whether the connection ends after this exchange. */
  get closing(): boolean {
    return this.#scope.isDraining || this.#scope.isDegraded
  }

  get meter(): Meter {
    return this.#lane.meter
  }

  get isFinished(): boolean {
    return this.#isFinished
  }

  get service(): ServiceType | null {
    return this.#lane.service
  }

  get method(): string {
    return this.#head.method
  }

  get target(): string {
    return this.#head.url
  }

  get host(): string | undefined {
    return this.#head.host
  }

  get version(): number {
    return this.#head.version
  }

  get scheme(): 'http' | 'https' {
    return this.connection.scheme
  }

  /** Ties the exchange to its response: when that closes, complete or not, the exchange is over. */
  follow(res: HttpResponse): void {
    ;(res as Tagged)[key] = this
    this.response = res
    if (this.shownId !== null) res.setHeader('X-Request-Id', this.shownId)
    this.#scope.running.add(this)
    res.on('close', onResponseClose)
  }

  dialled(upstream: string, isReused: boolean): void {
    this.upstream = upstream
    this.attempts += 1
    this.isReused = isReused
    this.connectedAt = 0
    this.beginAttempt(performance.now())
    add(this.block, cell.upstreamAttempts, 1)
    if (this.attempts > 1) add(this.block, cell.upstreamRetries, 1)
    // What is said in a tunnel is not ours, and a span for it would say nothing more.
    if (this.method !== 'CONNECT') this.trace?.begin(upstream, isReused, this.attemptAt)
  }

  connected(peer: Peer | null): void {
    this.connectedAt = this.#now()
    this.#lane.meter.targetReached()
    this.trace?.connected(peer, this.connectedAt)
  }

  answered(status: number): void {
    this.upstreamStatus = status
    this.answeredAt = this.#now()
  }

  attemptEnded(code: ErrorCode | null): void {
    const why = code === 'CLIENT_ABORTED' ? (this.code ?? code) : code
    measureAttempt(this, why)
    this.trace?.ended(why, this.upstreamStatus, performance.now())
  }

  /** Says what ends it, before that is answered; the first word counts. */
  blame(code: ErrorCode): void {
    if (this.code !== null) return
    const { response, upstream } = this
    this.code = code
    this.termination = terminationOf(code, {
      isAnswered: this.answeredAt > 0 || response?.headersSent === true,
      isRequestWhole: response === null || response.req.complete,
      hasUpstream: upstream !== null,
      isConnected: this.connectedAt > 0,
    })
  }

  /** Its client has gone, unless it was ended by us. */
  blameClient(): void {
    if (this.#scope.isCut) this.blame('DRAINING')
    else this.blame(this.connection.isClosedByHand ? 'CLOSED_BY_OPERATOR' : 'CLIENT_ABORTED')
  }

  relayFailed(code: ErrorCode, cause: unknown): void {
    this.blame(code)
    this.reason = causeOf(cause)
    const fields = { code, cause: this.reason, ...idFields(this) }
    this.#scope.log(errorTable[code].source === 'proxy' ? 'error' : 'warn', 'exchange failed', fields)
  }

  /** Counts the request; its connection is from here on its own, and its line comes when that `ended`. */
  takeOver(status: number): void {
    this.status = status
    this.answered(status)
    this.#isTakenOver = true
    if (this.connection.session === null) this.connection.tunnel = this
    this.finish(status >= 500)
  }

  /** The body of an answer that went out as bytes. */
  replied(answer: Buffer): void {
    this.repliedBytes = bodyLength(answer)
  }

  /** The end of what was taken over; `bytes` where they are not all that its connection has carried. */
  ended(end: TunnelEnd, bytes?: { readonly received: number; readonly sent: number }): void {
    const { connection } = this
    connection.account(this.block)
    this.received = bytes?.received ?? this.received + connection.received
    this.sent = bytes?.sent ?? this.sent + connection.sent
    if (!this.#isTakenOver) return
    this.#isTakenOver = false
    if (!this.#isSwitched) measureRest(this)
    const reason = end === 'client' && (this.#scope.isCut || connection.isClosedByHand) ? 'stopped' : end
    if (reason !== end && !this.#scope.isCut) this.blame('CLOSED_BY_OPERATOR')
    if (this.#isSwitched) {
      this.tunnelEnd = reason
      ;[this.termination, this.reason] = tunnelOutcome[reason]
    } else if (reason !== 'done') this.blame(endCodes[reason])
    this.#record(performance.now())
  }

  refuse(code: ErrorCode): void {
    this.#scope.refuse(this, code)
  }

  /** Counts the request; every call but the first does nothing. */
  finish(isFailed: boolean): void {
    if (this.#isFinished) return
    this.#isFinished = true
    const { block, connection } = this
    const now = performance.now()
    connection.account(block)
    connection.end(now)
    if (this.#isRead) this.#scope.running.delete(this)
    else connection.isReadingRest = true
    const { received, sent } = this.response?.bodyBytes ?? connection
    this.received = received
    this.sent = sent
    add(block, cell.requestsTotal, 1)
    if (isFailed) countFailure(block, this.code)
    add(block, cell.responseTimeMs, now - this.startedAt)
    add(block, cell.responsesTimed, 1)
    finished(this, (now - this.startedAt) / 1000, isFailed, this.#isTakenOver && !this.#isSwitched)
    if (!this.#isTakenOver) this.#record(now)
  }

  /** Writes its log line and spans, and keeps it among the exchanges that a viewer may ask about. */
  #record(now: number): void {
    const { accessLog, traffic, tracer } = this.#lane
    this.endedAt = now
    if (this.status === 0 && this.response?.headersSent) this.status = this.response.statusCode
    if (this.status === 0 && this.code === 'CLIENT_ABORTED') this.status = errorTable.CLIENT_ABORTED.status
    if (traffic.isWatched || isFailure(this)) traffic.note(this)
    accessLog?.write(this)
    if (this.trace !== null) tracer?.finish(this, this.trace)
  }

  /** Whether nothing of its request can come any more. */
  get #isRead(): boolean {
    const { response, connection } = this
    if (response === null || response.req.complete) return true
    // A stream that has closed has nothing left.
    return connection.session !== null || connection.socket.destroyed
  }

  /** Whether what was taken over is a tunnel, and no answer that goes its own way. */
  get #isSwitched(): boolean {
    return this.status === 101 || this.method === 'CONNECT'
  }

  #closed(res: HttpResponse): void {
    if (this.#isFinished) return
    this.work?.clientClosed()
    if (!res.writableFinished) this.blameClient()
    this.finish(!res.writableFinished || res.statusCode >= 500)
    if (this.connection.isAwaited && this.connection.turns.next()) return
    // A head that promised keep-alive before the drain began, or the degradation.
    if (this.closing) this.connection.retire()
  }

  /** Only a log, a trace, or who watches, asks for times within an exchange. */
  #now(): number {
    const { accessLog, traffic } = this.#lane
    return accessLog === null && this.trace === null && !traffic.isWatched ? 1 : performance.now()
  }

  /** Shared by all responses, so that following one costs no closure. */
  static closed(exchange: Exchange, res: HttpResponse): void {
    exchange.#closed(res)
  }
}

const key = Symbol('exchange')

type Tagged = HttpResponse & { [key]?: Exchange }

function onResponseClose(this: HttpResponse): void {
  const exchange = (this as Tagged)[key]
  if (exchange !== undefined) Exchange.closed(exchange, this)
}
