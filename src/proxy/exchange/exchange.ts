/** One request and its response, from its head to its log line. */
import type { PaceSettings, ServiceType } from '../../config/settings/settings.ts'
import { type ErrorCode, errorTable } from '../../errors.ts'
import type { Provenance } from '../../http/fields/provenance.ts'
import type { HttpResponse, ResponseOwner } from '../../http/message/message.ts'
import { bodyLength } from '../../http/reply/reply.ts'
import type { RelayOwner } from '../../http/upstream/relay.ts'
import type { TunnelEnd } from '../../http/upstream/tunnel.ts'
import type { AccessRecord } from '../../telemetry/access-log/access-record.ts'
import type { Log } from '../../telemetry/log/log.ts'
import { add, type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { Meter } from '../../telemetry/metrics/meter.ts'
import { methodId } from '../../telemetry/metrics/series-key.ts'
import { type RequestFields, requestField } from '../../telemetry/request-field.ts'
import { parseTraceparent } from '../../telemetry/trace/trace-context.ts'
import type { Head } from '../decide/decide.ts'
import type { Peer, Trace } from '../trace/trace.ts'
import type { Connection } from './connection.ts'
import { causeOf, idFields } from './exchange-log.ts'
import { countFailure, type Measured, measureAttempt, measureEnd, measureRest } from './measure.ts'
import type { Pace } from './pace.ts'
import type { PlacedList } from './placed-list.ts'
import type { ServiceContext } from './service-context.ts'
import { endCodes, isFailure, terminationOf, tunnelOutcome } from './termination.ts'

/** State shared by all exchanges of a data plane. */
export interface ExchangeScope {
  isDraining: boolean
  isDegraded: boolean
  /** Everything is being ended now. */
  isCut: boolean
  readonly log: Log
  /** Answers a request that is not read to its end. */
  readonly refuse: (exchange: Exchange, code: ErrorCode) => void
  /** Exchanges whose responses are followed, and finished ones whose request bodies are still being read. */
  readonly running: PlacedList<Exchange>
}

/** The relay that moves the exchange's bytes, which must know when the client is gone. */
export interface Work {
  /** Bytes of the request body received so far. */
  readonly receivedBytes: number
  clientClosed(): void
}

/**
 * One request and its response. Owns its counters, log line, spans and end state; `finish()` takes effect once. A plain exchange finishes
 * when its response closes. One that takes its connection over (a tunnel) is counted at that moment, counts its own bytes and is logged
 * when it ends.
 */
export class Exchange implements RelayOwner, ResponseOwner, AccessRecord, Measured {
  readonly connection: Connection
  readonly fields: RequestFields
  /** The method as a number, see series-key.ts. */
  readonly methodId: number
  /** The route as a number, see series-key.ts; 0 without a route. */
  readonly route: number
  readonly block: CounterBlock
  /** How slow the client may be. */
  readonly bounds: PaceSettings
  /** Created by the client watch at its first look, so a short exchange has none. */
  pace: Pace | null = null
  /** Address of the client: the peer's, or the one named by a trusted proxy. */
  client: string
  /** Whether the peer is a trusted proxy. */
  isTrusted = false
  /** Origin of the request as reported by a trusted proxy; null if the peer is not trusted. */
  provenance: Provenance | null = null
  /** Null if not sampled; trace fields of the client then pass unchanged. */
  trace: Trace | null = null
  /** Value of X-Request-Id; null if the worker has no request ids. */
  requestId: string | null = null
  /** The request id shown to the client. */
  shownId: string | null = null
  /** Name of the authenticated user. */
  user: string | null = null
  /** Index among the running exchanges; -1 if it is not one of them. */
  place = -1
  /** Null until `follow`. */
  response: HttpResponse | null = null
  work: Work | null = null
  status = 0
  code: ErrorCode | null = null
  /** Cause of the failure beyond the code, for operators. */
  reason: string | null = null
  termination = '--'
  tunnelEnd: TunnelEnd | null = null
  upstream: string | null = null
  attempts = 0
  isReused = false
  received = 0
  sent = 0
  /** Body bytes of an answer that was not sent through `response`. */
  repliedBytes = 0
  /** Series in which its sizes are counted, once it has finished. */
  series = 0
  /** Status of the running attempt's response; 0 before there is one. */
  upstreamStatus = 0
  /** Whether it was counted as failed. */
  isFailed = false
  readonly headMs: number
  /** Time spent waiting for the previous exchange of the connection. */
  readonly waitedMs: number
  readonly startedAt = performance.now()
  /** Start of the running attempt at an upstream; 0 without one. */
  attemptAt = 0
  /** Start of the latest attempt; 0 before the first. */
  dialledAt = 0
  connectedAt = 0
  answeredAt = 0
  endedAt = 0
  readonly #head: Head
  readonly #context: ServiceContext
  readonly #scope: ExchangeScope
  #isFinished = false
  #isTakenOver = false

  constructor(
    connection: Connection,
    head: Head,
    fields: RequestFields,
    waitedMs: number,
    context: ServiceContext,
    route: number,
    scope: ExchangeScope,
  ) {
    this.connection = connection
    this.fields = fields
    this.methodId = methodId(head.method)
    this.route = route
    this.waitedMs = waitedMs
    this.client = connection.peer
    this.#head = head
    this.#context = context
    this.block = context.block
    context.meter.active(this.methodId, connection.scheme === 'https', 1)
    this.bounds = context.bounds
    this.#scope = scope
    this.headMs = connection.firstHeadMs(this.startedAt)
    connection.begin()
  }

  /** Whether the connection ends after this exchange. */
  get closing(): boolean {
    return this.#scope.isDraining || this.#scope.isDegraded
  }

  get meter(): Meter {
    return this.#context.meter
  }

  get isFinished(): boolean {
    return this.#isFinished
  }

  get service(): ServiceType | null {
    return this.#context.service
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

  /** Trace id of its own trace, or of the client's trace that passes unchanged. */
  get traceId(): string | null {
    if (this.trace !== null) return this.trace.start.traceId
    const value = requestField(this.fields, 'traceparent')
    return value === undefined ? null : (parseTraceparent(value)?.traceId ?? null)
  }

  get spanId(): string | null {
    return this.trace?.isSampled ? this.trace.spanId : null
  }

  /** Body bytes of the request. */
  get requestBodyBytes(): number {
    const { response } = this
    return response === null ? 0 : (response.bodyBytes?.received ?? response.request.receivedBytes)
  }

  /** Body bytes of the response. */
  get responseBodyBytes(): number {
    const { response, repliedBytes } = this
    if (response === null) return repliedBytes
    return repliedBytes + (response.bodyBytes?.sent ?? response.writtenBytes)
  }

  /** Ties the exchange to its response: when the response closes, complete or not, the exchange is over. */
  follow(res: HttpResponse): void {
    res.owner = this
    this.response = res
    if (this.shownId !== null) res.setField('X-Request-Id', this.shownId)
    this.#scope.running.add(this)
  }

  dialled(upstream: string, isReused: boolean): void {
    this.upstream = upstream
    this.attempts += 1
    this.isReused = isReused
    this.connectedAt = 0
    this.upstreamStatus = 0
    this.attemptAt = performance.now()
    this.dialledAt = this.attemptAt
    add(this.block, cell.upstreamAttempts, 1)
    if (this.attempts > 1) add(this.block, cell.upstreamRetries, 1)
    // A tunnel has no CLIENT span: this proxy does not see its requests, and the span would add nothing to
    // the SERVER span.
    if (this.method !== 'CONNECT') this.trace?.begin(upstream, isReused, this.attemptAt)
  }

  connected(peer: Peer | null): void {
    this.connectedAt = this.#now()
    this.#context.meter.targetReached()
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

  /** Sets the code and the termination of a failure, before it is answered. Only the first call counts. */
  blame(code: ErrorCode): void {
    if (this.code !== null) return
    const { response, upstream } = this
    this.code = code
    this.termination = terminationOf(code, {
      isAnswered: this.answeredAt > 0 || response?.isHeadSent === true,
      isRequestWhole: response === null || response.request.isComplete,
      hasUpstream: upstream !== null,
      isConnected: this.connectedAt > 0,
    })
  }

  /** Blames the client for closing the connection, unless this proxy or an operator closed it. */
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

  /** Counts the request as finished. The connection is a tunnel from now on; it is logged by `ended`. */
  takeOver(status: number): void {
    this.status = status
    this.answered(status)
    this.#isTakenOver = true
    if (this.connection.session === null) this.connection.tunnel = this
    this.finish(status >= 500)
  }

  /** Counts the body of an answer that was written to the socket as bytes. */
  replied(answer: Buffer): void {
    this.repliedBytes = bodyLength(answer)
  }

  /** Ends a taken-over connection; `bytes` if it did not carry all bytes of its connection. */
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

  /** Counts the request. Only the first call has an effect. */
  finish(isFailed: boolean): void {
    if (this.#isFinished) return
    this.#isFinished = true
    const { block, connection } = this
    const now = performance.now()
    connection.account(block)
    connection.end(now)
    if (this.#isRead) this.#scope.running.delete(this)
    const { received, sent } = this.response?.bodyBytes ?? connection
    this.received = received
    this.sent = sent
    add(block, cell.requestsTotal, 1)
    if (isFailed) countFailure(block, this.code)
    add(block, cell.responseTimeMs, now - this.startedAt)
    add(block, cell.responsesTimed, 1)
    measureEnd(this, (now - this.startedAt) / 1000, isFailed, this.#isTakenOver && !this.#isSwitched)
    if (!this.#isTakenOver) this.#record(now)
  }

  /** Writes the log line and the spans, and keeps the exchange for viewers. */
  #record(now: number): void {
    const { accessLog, traffic, tracer } = this.#context
    this.endedAt = now
    if (this.status === 0 && this.response?.isHeadSent) this.status = this.response.status
    if (this.status === 0 && this.code === 'CLIENT_ABORTED') this.status = errorTable.CLIENT_ABORTED.status
    if (traffic.isWatched || isFailure(this)) traffic.note(this)
    accessLog?.write(this)
    if (this.trace !== null) tracer?.finish(this, this.trace)
  }

  /** Whether no more of the request can arrive. */
  get #isRead(): boolean {
    const { response, connection } = this
    if (response === null || response.request.isComplete) return true
    // A closed stream receives nothing more.
    return connection.session !== null || connection.http === null || connection.transport.isClosed
  }

  /** True for a tunnel; false for an upgrade that was answered with an ordinary response. */
  get #isSwitched(): boolean {
    return this.status === 101 || this.method === 'CONNECT'
  }

  responseClosed({ isComplete, status }: HttpResponse): void {
    if (this.#isFinished) return
    this.work?.clientClosed()
    if (!isComplete) this.blameClient()
    this.finish(!isComplete || status >= 500)
    // The response head may have promised keep-alive before the drain or the degradation began.
    if (this.closing) this.connection.retire()
  }

  /** Only a log, a trace or a viewer needs times within an exchange; without them, 1 stands for "happened". */
  #now(): number {
    const { accessLog, traffic } = this.#context
    return accessLog === null && this.trace === null && !traffic.isWatched ? 1 : performance.now()
  }
}
