/**
 * The spans of a finished exchange, by the semantic conventions for HTTP (1.44): one SERVER span, and below it one CLIENT span for each
 * attempt at an upstream. A tunnel of CONNECT has the SERVER span alone.
 */
import { type ErrorCode, errorTable } from '../errors.ts'
import { parseAuthority } from '../http/authority.ts'
import type { Provenance } from '../http/provenance.ts'
import { maskUrl, readable } from '../telemetry/access-log-escape.ts'
import type { AccessRecord } from '../telemetry/access-record.ts'
import type { SpanAttributes, SpanEvent, SpanRecord } from '../telemetry/span-record.ts'
import { type Bodies, receivedBytes, sentBytes } from './measure.ts'
import { parseAbsolute } from './target.ts'
import type { Attempt, Trace } from './trace.ts'

/** What an exchange knows of itself; times are `performance.now()`. */
export interface TracedExchange extends AccessRecord, Bodies {
  readonly headers: Bodies['headers']
  readonly provenance: Pick<Provenance, 'host'> | null
  /** How long it has waited for the one before it on its connection. */
  readonly waitedMs: number
  /** Why it was refused or failed, for operators. */
  readonly reason: string | null
  readonly connection: { readonly peer: string }
}

type Attributes = Record<string, string | number | boolean>

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
  const { code, status, service } = exchange
  const { traceId, parent, link, traceState, route } = start
  const method = methodOf(exchange.method)
  const failure = failureOf(code, status, 500)
  const attributes: Attributes = {
    ...instance,
    ...(service === null ? {} : { 'proxy.type': service }),
    ...method.attributes,
    ...targetAttributes(exchange),
    ...hostAttributes(exchange),
    'client.address': exchange.client,
    'network.peer.address': exchange.connection.peer,
    'network.protocol.version': versionOf(exchange.version),
  }
  const agent = exchange.headers['user-agent']
  if (typeof agent === 'string') attributes['user_agent.original'] = readable(agent)
  if (route !== null) attributes['http.route'] = readable(route)
  // 499 is a word of logs, and nothing that was sent.
  if (status !== 0 && code !== 'CLIENT_ABORTED') attributes['http.response.status_code'] = status
  if (failure !== null) attributes['error.type'] = failure
  if (exchange.response !== null) {
    attributes['http.request.body.size'] = receivedBytes(exchange)
    attributes['http.response.body.size'] = sentBytes(exchange)
  }
  return {
    traceId,
    spanId,
    parentSpanId: parent?.spanId ?? null,
    isParentRemote: parent !== null,
    traceState,
    kind: 'server',
    // A CONNECT has itself for its route.
    name: route === null || route === method.name ? method.name : `${method.name} ${readable(route)}`,
    startMs: offset + exchange.startedAt,
    endMs: offset + exchange.endedAt,
    status: failure === null ? 'unset' : 'error',
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
  // Of the last one the exchange may know better: it may have been ended with its client, by whom it was not.
  const isLast = at === attempts.length - 1
  const failure = failureOf((isLast ? exchange.code : null) ?? attempt.failure, status, 400)
  const method = methodOf(exchange.method)
  const [scheme = '', authority = ''] = upstream.split('://')
  const attributes: Attributes = {
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
  if (connectedAt > 0) attributes['proxy.upstream.connect_ms'] = connectedAt - startedAt
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
    status: failure === null ? 'unset' : 'error',
    attributes,
    events: [],
    links: [],
  }
}

/** What made it a failure, from `least` on by the status that was sent; null for none. That its client has gone, or was too slow, is none. */
function failureOf(code: ErrorCode | null, status: number, least: number): string | null {
  if (code !== null && errorTable[code].source !== 'client') return code
  return status >= least ? (code ?? String(status)) : null
}

/** What would not be seen in the two spans. */
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

const hidden = 'REDACTED'
const hiddenUser = 'REDACTED:REDACTED'

const knownMethods = /^(?:CONNECT|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT|TRACE|QUERY)$/

/** Anybody can make methods up, and names of spans are few. */
function methodOf(method: string | null): { readonly name: string; readonly attributes: SpanAttributes } {
  if (method !== null && knownMethods.test(method)) {
    return { name: method, attributes: { 'http.request.method': method } }
  }
  const original = method === null ? {} : { 'http.request.method_original': readable(method) }
  return { name: 'HTTP', attributes: { 'http.request.method': '_OTHER', ...original } }
}

function targetAttributes({ method, target, scheme }: TracedExchange): SpanAttributes {
  if (method === 'CONNECT' || target === null) return { 'url.scheme': scheme }
  const absolute = parseAbsolute(target)
  const whole = maskUrl(absolute?.path ?? target, hidden, hiddenUser)
  const [path = '', ...query] = whole.split('?')
  const attributes: Attributes = {
    'url.scheme': absolute?.scheme ?? scheme,
    'url.path': readable(path),
  }
  if (query.length > 0) attributes['url.query'] = readable(query.join('?'))
  return attributes
}

/** Which host it was asked for: of a trusted proxy's word first. */
function hostAttributes(exchange: TracedExchange): SpanAttributes {
  const { method, target, scheme, host, provenance } = exchange
  if (method === 'CONNECT') return addressAttributes(target ?? '', '')
  const absolute = target === null ? null : parseAbsolute(target)
  return addressAttributes(
    provenance?.host || (absolute?.authority ?? host ?? ''),
    absolute?.scheme ?? scheme,
  )
}

function addressAttributes(authority: string, scheme: string): SpanAttributes {
  const found = parseAuthority(authority, scheme === 'http' ? 80 : 443)
  return found === null ? {} : { 'server.address': readable(found.host), 'server.port': found.port }
}

/** `network.protocol.version`: 1.0, 1.1, 2. */
function versionOf(version: number): string {
  return version >= 20 ? String(version / 10) : `${Math.trunc(version / 10)}.${version % 10}`
}

const maxDriftMs = 20
let lastOffset = performance.timeOrigin

/**
 * What turns `performance.now()` into a Unix time. It has fractions, which the wall clock has not, and follows that one when it was set or
 * has drifted away.
 */
function wallOffset(): number {
  const offset = Date.now() - performance.now()
  if (Math.abs(offset - lastOffset) > maxDriftMs) lastOffset = offset
  return lastOffset
}
