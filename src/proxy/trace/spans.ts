/**
 * Makes the spans of a finished exchange, by the semantic conventions for HTTP (1.44): one SERVER span with
 * one CLIENT span for each attempt at an upstream. A CONNECT tunnel has a SERVER span only.
 */
import { errorTable } from '../../errors.ts'
import { maskUrl, readable } from '../../telemetry/access-log/escape.ts'
import type { SpanAttributes, SpanEvent, SpanRecord } from '../../telemetry/trace/span-record.ts'
import {
  addressAttributes,
  type DescribedExchange,
  failureOf,
  hidden,
  hiddenUser,
  isClientsDoing,
  methodOf,
  type RequestAttributes,
  requestAttributes,
} from './exchange-attributes.ts'
import type { Attempt, Trace } from './trace.ts'

/** The parts of a finished exchange that its spans are made of; times are `performance.now()`. */
export interface TracedExchange extends DescribedExchange {
  /** Null if nothing was answered through a response. */
  readonly response: { readonly isHeadSent: boolean } | null
  readonly requestBodyBytes: number
  readonly responseBodyBytes: number
  /** Time spent waiting for the previous exchange of the connection. */
  readonly waitedMs: number
  /** Cause of a refusal or failure, for operators. */
  readonly reason: string | null
}

export function spansOf(
  exchange: TracedExchange,
  trace: Trace,
  instance: SpanAttributes,
): readonly SpanRecord[] {
  const offset = wallOffset()
  const server = serverSpan(exchange, trace, instance, offset)
  return [server, ...trace.attempts.map((_, at) => clientSpan(exchange, trace, at, instance, offset))]
}

function serverSpan(
  exchange: TracedExchange,
  { start, spanId, attempts }: Trace,
  instance: SpanAttributes,
  offset: number,
): SpanRecord {
  const { service } = exchange
  const { traceId, parent, link, traceState, route } = start
  const { name: method } = methodOf(exchange.method)
  const failure = failureOf(exchange)
  const attributes: RequestAttributes = {
    ...instance,
    ...(service === null ? {} : { 'proxy.type': service }),
    ...requestAttributes(exchange, route),
  }
  if (exchange.response !== null) {
    attributes['http.request.body.size'] = exchange.requestBodyBytes
    attributes['http.response.body.size'] = exchange.responseBodyBytes
  }
  return {
    traceId,
    spanId,
    parentSpanId: parent?.spanId ?? null,
    isParentRemote: parent !== null,
    traceState,
    kind: 'server',
    // The route of a CONNECT is its method.
    name: route === null || route === method ? method : `${method} ${readable(route)}`,
    startMs: offset + exchange.startedAt,
    endMs: offset + exchange.endedAt,
    status: failure === null || isClientsDoing(failure) ? 'unset' : 'error',
    attributes,
    events: eventsOf(exchange, attempts, offset),
    links: link === null ? [] : [link],
  }
}

function clientSpan(
  exchange: TracedExchange,
  { start, spanId: parentSpanId, attempts, upstreamPath }: Trace,
  at: number,
  instance: SpanAttributes,
  offset: number,
): SpanRecord {
  const attempt = attempts[at] as Attempt
  const { spanId, upstream, status } = attempt
  // A running attempt ends with its exchange. RFC 9110 15: to the sender of a request, a 4xx is a failure
  // too.
  const code = attempt.endedAt > 0 ? attempt.failure : exchange.code
  const failure = code ?? (status >= 400 ? String(status) : null)
  const method = methodOf(exchange.method)
  const [scheme = '', authority = ''] = upstream.split('://')
  const attributes: RequestAttributes = {
    ...instance,
    ...(exchange.service === null ? {} : { 'proxy.type': exchange.service }),
    ...method.attributes,
    ...addressAttributes(authority, scheme),
    'url.full': readable(maskUrl(`${upstream}${upstreamPath}`, hidden, hiddenUser)),
    'network.protocol.version': '1.1',
    'proxy.upstream.reused': attempt.isReused,
  }
  if (at > 0) attributes['http.request.resend_count'] = at
  if (status !== 0) attributes['http.response.status_code'] = status
  if (failure !== null) attributes['error.type'] = failure
  const { connectedAt, startedAt, peerAddress, peerPort } = attempt
  if (peerAddress !== '') attributes['network.peer.address'] = peerAddress
  if (peerPort > 0) attributes['network.peer.port'] = peerPort
  if (connectedAt > 0) attributes['proxy.upstream.connect_ms'] = rounded(connectedAt - startedAt)
  return {
    traceId: start.traceId,
    spanId,
    parentSpanId,
    isParentRemote: false,
    traceState: start.traceState,
    kind: 'client',
    name: method.name,
    startMs: offset + startedAt,
    endMs: offset + (attempt.endedAt || exchange.endedAt),
    status: failure === null || isClientsDoing(failure) ? 'unset' : 'error',
    attributes,
    events: [],
    links: [],
  }
}

/** Rounds as the access log does. */
const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

/** Events for facts that the spans themselves do not show. */
function eventsOf(
  exchange: TracedExchange,
  attempts: readonly Attempt[],
  offset: number,
): readonly SpanEvent[] {
  const { code, startedAt, endedAt, waitedMs, upstream, tunnelEnd } = exchange
  const events: SpanEvent[] = []
  const add = (name: string, at: number, attributes: SpanAttributes): void => {
    events.push({ name, atMs: offset + at, attributes })
  }
  if (waitedMs > 0) add('proxy.turn.waited', startedAt, { 'proxy.wait_ms': waitedMs })
  for (const [at, { endedAt: failedAt, failure }] of attempts.slice(0, -1).entries()) {
    add('proxy.retry', failedAt, { 'error.type': failure ?? '', 'http.request.resend_count': at + 1 })
  }
  if (tunnelEnd !== null) add('proxy.tunnel.ended', endedAt, { 'proxy.tunnel.end': tunnelEnd })
  if (code === 'CLIENT_ABORTED' || code === 'CLIENT_STALLED') {
    add('proxy.client.left', endedAt, { 'proxy.error': code, 'proxy.termination': exchange.termination })
  } else if (code !== null && upstream === null) {
    const reason = exchange.reason ?? errorTable[code].message
    add('proxy.refused', endedAt, { 'proxy.error': code, 'proxy.reason': readable(reason) })
  }
  return events
}

const maxDriftMs = 20
let lastOffset = performance.timeOrigin

/**
 * Difference between Unix time and `performance.now()`, which has fractions of a millisecond. Follows the
 * wall clock when that was set or has drifted away.
 */
function wallOffset(): number {
  const offset = Date.now() - performance.now()
  if (Math.abs(offset - lastOffset) > maxDriftMs) lastOffset = offset
  return lastOffset
}
