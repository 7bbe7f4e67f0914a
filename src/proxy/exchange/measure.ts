/** Adds an exchange to the series of its service. Hot path: numbers only, no text and no allocation. */
import type { ServiceType } from '../../config/settings/settings.ts'
import type { ErrorCode } from '../../errors.ts'
import type { HttpResponse } from '../../http/message/message.ts'
import { add, type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { Meter } from '../../telemetry/metrics/meter.ts'
import { clientKey, errorId, serverKey } from '../../telemetry/metrics/series-key.ts'
import { isByClient } from './termination.ts'

/** Codes of attempts that never reached their target. */
const connectFailures: ReadonlySet<ErrorCode | null> = new Set<ErrorCode>([
  'UPSTREAM_REFUSED',
  'UPSTREAM_UNRESOLVED',
  'UPSTREAM_CONNECT_TIMEOUT',
])

/** The parts of an exchange that are measured, and where the measurements are kept. */
export interface Measured {
  readonly meter: Meter
  readonly methodId: number
  readonly route: number
  readonly version: number
  readonly scheme: 'http' | 'https'
  readonly service: ServiceType | null
  readonly status: number
  readonly code: ErrorCode | null
  readonly response: HttpResponse | null
  readonly upstreamStatus: number
  readonly repliedBytes: number
  readonly requestBodyBytes: number
  readonly responseBodyBytes: number
  isFailed: boolean
  series: number
  attemptAt: number
}

/** Counts a failed request, and whether its client caused the failure. */
export function countFailure(block: CounterBlock, code: ErrorCode | null): void {
  add(block, cell.requestsFailed, 1)
  if (isByClient(code)) add(block, cell.requestsFailedByClient, 1)
}

/** Counts a finished request. With `isBodyToCome` the response body is still under way and `measureRest` counts the sizes. */
export function measureEnd(
  exchange: Measured,
  seconds: number,
  isFailed: boolean,
  isBodyToCome: boolean,
): void {
  const { meter, methodId, response, version, route } = exchange
  exchange.isFailed = isFailed
  const isSecure = exchange.scheme === 'https'
  let { status } = exchange
  if (status === 0 && response !== null && response.isHeadSent) status = response.status
  const error = isFailed ? errorId(exchange.code) : 0
  meter.active(methodId, isSecure, -1)
  exchange.series = meter.finished(serverKey(methodId, isSecure, version, status, error, route), seconds)
  if (!isBodyToCome) meter.sizes(exchange.series, exchange.requestBodyBytes, exchange.responseBodyBytes)
}

/** Counts the response body that was still under way in `measureEnd`. */
export function measureRest(exchange: Measured): void {
  exchange.meter.sizes(exchange.series, 0, exchange.repliedBytes)
}

/** Counts an attempt at an upstream that is over; `code` is null if it succeeded. */
export function measureAttempt(exchange: Measured, code: ErrorCode | null): void {
  const { meter, attemptAt, upstreamStatus, methodId } = exchange
  if (attemptAt === 0) return
  exchange.attemptAt = 0
  // RFC 9110 15: to the sender of a request, a 4xx is a failure too.
  const error = code !== null ? errorId(code) : upstreamStatus >= 400 ? errorId(null) : 0
  meter.attempted(clientKey(methodId, upstreamStatus, error), (performance.now() - attemptAt) / 1000)
  if (code !== null && exchange.service === 'reverse' && connectFailures.has(code)) meter.targetFailed()
}
