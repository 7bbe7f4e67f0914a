import type { PaceSettings } from '../config/settings.ts'
import { type ErrorCode, errorTable } from '../errors.ts'
import type { HttpResponse } from '../http/message.ts'
import type { RelayOwner } from '../http/relay.ts'
import { type CounterBlock, cell } from '../telemetry/counters.ts'
import type { Connection } from './connection.ts'
import type { Pace } from './pace.ts'
import type { Running } from './running.ts'

export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void

/** What all exchanges of an edge share. */
export interface ExchangeScope {
  isDraining: boolean
  isDegraded: boolean
  readonly log: Log
  /** Exchanges whose responses are followed, and finished ones whose request bodies are still being read. */
  readonly running: Running
}

/** Whoever moves the exchange's bytes and must hear that the client is gone. */
export interface Work {
  clientClosed(): void
}

/**
 * One request and its response, for the counters. A plain exchange finishes when its response closes; one that becomes a
 * tunnel finishes when the tunnel opens, and the tunnel counts its own bytes.
 */
export class Exchange implements RelayOwner {
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
  readonly #scope: ExchangeScope
  readonly startedAt = performance.now()
  work: Work | null = null
  #isFinished = false

  constructor(connection: Connection, block: CounterBlock, bounds: PaceSettings, scope: ExchangeScope) {
    this.connection = connection
    this.client = connection.peer
    this.block = block
    this.bounds = bounds
    this.#scope = scope
    connection.begin()
  }

  /** Whether the connection ends after this exchange. */
  get closing(): boolean {
    return this.#scope.isDraining || this.#scope.isDegraded
  }

  get isFinished(): boolean {
    return this.#isFinished
  }

  /** Ties the exchange to its response: when that closes, complete or not, the exchange is over. */
  follow(res: HttpResponse): void {
    ;(res as Tagged)[key] = this
    this.response = res
    this.#scope.running.add(this)
    res.on('close', onResponseClose)
  }

  relayFailed(code: ErrorCode, cause: unknown): void {
    const isOurs = errorTable[code].source === 'proxy'
    const { requestId } = this
    const id = requestId === null ? {} : { requestId }
    this.#scope.log(isOurs ? 'error' : 'warn', 'exchange failed', { code, cause: text(cause), ...id })
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
    add(block, cell.requestsTotal, 1)
    if (isFailed) add(block, cell.requestsFailed, 1)
    add(block, cell.responseTimeMs, now - this.startedAt)
    add(block, cell.responsesTimed, 1)
  }

  /** Whether nothing of its request can come any more. */
  get #isRead(): boolean {
    return this.response === null || this.response.req.complete || this.connection.socket.destroyed
  }

  #closed(res: HttpResponse): void {
    if (this.#isFinished) return
    this.work?.clientClosed()
    this.finish(!res.writableFinished || res.statusCode >= 500)
    if (this.connection.isAwaited && this.connection.turns.next()) return
    // A head that promised keep-alive before the drain began, or the degradation.
    if (this.closing && this.connection.running === 0) this.connection.socket.destroySoon()
  }

  /** Shared by all responses, so that following one costs no closure. */
  static closed(exchange: Exchange, res: HttpResponse): void {
    exchange.#closed(res)
  }
}

/** Counts what was answered before it was a request. It has no response time: there was nothing to time. */
export function countRejected(connection: Connection, block: CounterBlock): void {
  connection.account(block)
  // Within a request (a broken chunk, say) the exchange that it belongs to counts it.
  if (connection.running === 0) add(block, cell.requestsTotal, 1)
}

const key = Symbol('exchange')

type Tagged = HttpResponse & { [key]?: Exchange }

function onResponseClose(this: HttpResponse): void {
  const exchange = (this as Tagged)[key]
  if (exchange !== undefined) Exchange.closed(exchange, this)
}

function add(block: CounterBlock, at: number, by: number): void {
  block[at] = (block[at] ?? 0) + by
}

const text = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
