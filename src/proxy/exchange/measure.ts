/** What of an exchange goes into the series of its service. Numbers only: no text is made, nothing is allocated. */
import type { ErrorCode } from '../../errors.ts'
import { add, type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import { clientKey, errorId, methodId, serverKey } from '../../telemetry/metrics/series-key.ts'
import type { Exchange } from './exchange.ts'
import { isByClient } from './termination.ts'

/** Connects that failed: a target that cannot be reached, whatever it would have said. */
const connectFailures: ReadonlySet<ErrorCode | null> = new Set<ErrorCode>([
  'UPSTREAM_REFUSED',
  'UPSTREAM_UNRESOLVED',
  'UPSTREAM_CONNECT_TIMEOUT',
])

/** What an exchange keeps for it. */
export class Measured {
  /** Its method as a number. */
  readonly methodId: number
  /** Where it was decided to go, as a number; 0 is nowhere. */
  readonly route: number
  /** Bytes of the body of an answer that is not its response's. */
  repliedBytes = 0
  /** Where its sizes are counted, once it is finished. */
  series = 0
  /** When the running attempt at an upstream began; 0 when there is none. */
  attemptAt = 0
  /** When the latest attempt began; 0 before the first. */
  dialledAt = 0
  /** Of the running attempt's response; 0 before there is one. */
  upstreamStatus = 0
  /** Whether it was counted as failed. */
  isFailed = false

  constructor(method: string, route: number) {
    this.methodId = methodId(method)
    this.route = route
  }

  /** An attempt at an upstream begins. */
  protected beginAttempt(now: number): void {
    this.upstreamStatus = 0
    this.attemptAt = now
    this.dialledAt = now
  }
}

/** Counts a request that failed, and whether its client alone is to blame. */
export function countFailure(block: CounterBlock, code: ErrorCode | null): void {
  add(block, cell.requestsFailed, 1)
  if (isByClient(code)) add(block, cell.requestsFailedByClient, 1)
}

/** Counts a request that is over; `isBodyToCome`: its answer is still on its way, and `ended` counts the sizes. */
export function finished(
  exchange: Exchange,
  seconds: number,
  isFailed: boolean,
  isBodyToCome: boolean,
): void {
  const { meter, methodId, response, version, route } = exchange
  exchange.isFailed = isFailed
  const isSecure = exchange.scheme === 'https'
  let { status } = exchange
  if (status === 0 && response !== null && response.headersSent) status = response.statusCode
  const error = isFailed ? errorId(exchange.code) : 0
  meter.active(methodId, isSecure, -1)
  exchange.series = meter.finished(serverKey(methodId, isSecure, version, status, error, route), seconds)
  if (!isBodyToCome) meter.sizes(exchange.series, receivedBytes(exchange), sentBytes(exchange))
}

/** The end of a body that went its own way. */
export function measureRest(exchange: Exchange): void {
  exchange.meter.sizes(exchange.series, 0, exchange.repliedBytes)
}

/** An attempt at an upstream is over; `code` says what went wrong with it. */
export function measureAttempt(exchange: Exchange, code: ErrorCode | null): void {
  const { meter, attemptAt, upstreamStatus, methodId } = exchange
  if (attemptAt === 0) return
  exchange.attemptAt = 0
  // RFC 9110 15: to who has sent it, a 4xx is a failure too.
  const error = code !== null ? errorId(code) : upstreamStatus >= 400 ? errorId(null) : 0
  meter.attempted(clientKey(methodId, upstreamStatus, error), (performance.now() - attemptAt) / 1000)
  if (code !== null && exchange.service === 'reverse' && connectFailures.has(code)) meter.targetFailed()
}

/** What its bodies are known by. */
export type Bodies = Pick<Exchange, 'response' | 'work' | 'headers' | 'repliedBytes'>

export function receivedBytes({ response, work, headers }: Bodies): number {
  if (response === null) return 0
  if (response.bodyBytes !== undefined) return response.bodyBytes.received
  if (work !== null) return work.receivedBytes
  // Nobody wanted it, so nobody has counted it.
  const length = headers['content-length']
  return length !== undefined && response.req.complete ? Number(length) : 0
}

export function sentBytes({ response, repliedBytes }: Bodies): number {
  if (response === null) return repliedBytes
  return repliedBytes + (response.bodyBytes?.sent ?? response.writtenBytes ?? 0)
}
