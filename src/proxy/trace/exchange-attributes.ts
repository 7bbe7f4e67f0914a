/**
 * OpenTelemetry attributes of a request, by the semantic conventions for HTTP (1.44): the same names and
 * values for its SERVER span, its log record and its metrics.
 */
import type { ServiceSettings } from '../../config/settings/settings.ts'
import { type ErrorCode, errorTable } from '../../errors.ts'
import { parseAuthority } from '../../http/address/authority.ts'
import type { Provenance } from '../../http/fields/provenance.ts'
import type { AccessRecord, DescribeExchange } from '../../telemetry/access-log/access-record.ts'
import { maskUrl, readable } from '../../telemetry/access-log/escape.ts'
import { methodId, routeName, routesOf } from '../../telemetry/metrics/series-key.ts'
import { requestField } from '../../telemetry/request-field.ts'
import type { SpanAttributes } from '../../telemetry/trace/span-record.ts'
import { parseAbsolute } from '../decide/target.ts'

export type RequestAttributes = Record<string, string | number | boolean>

/**
 * An exchange with the fields that its access log line lacks; a connection rejected before a request has none
 * of them.
 */
export interface DescribedExchange extends AccessRecord {
  /** Reported by a trusted proxy; `host` is the host of the client's request. */
  readonly provenance?: Pick<Provenance, 'host'> | null
  /** The route as a number, see series-key.ts. */
  readonly route?: number
  /** Whether it was counted as failed: cut short, or answered with 5xx. */
  readonly isFailed?: boolean
  readonly response?: { readonly isHeadSent: boolean } | null
  readonly connection?: { readonly peer: string; readonly peerPort: number }
}

export const hidden = 'REDACTED'
export const hiddenUser = 'REDACTED:REDACTED'

/** `route` is the `http.route` of its metrics. */
export function requestAttributes(exchange: DescribedExchange, route: string | null): RequestAttributes {
  const { connection, fields, scheme } = exchange
  const attributes: RequestAttributes = {
    ...methodOf(exchange.method).attributes,
    'url.scheme': scheme,
    ...targetAttributes(exchange),
    ...hostAttributes(exchange),
    'client.address': exchange.client,
    'network.peer.address': connection?.peer ?? exchange.client,
  }
  if (connection !== undefined && connection.peerPort > 0) {
    attributes['network.peer.port'] = connection.peerPort
  }
  const version = versionOf(exchange.version)
  if (version !== null) attributes['network.protocol.version'] = version
  const agent = requestField(fields, 'user-agent')
  if (agent !== undefined) attributes['user_agent.original'] = readable(agent)
  if (route !== null) attributes['http.route'] = readable(route)
  const status = sentStatus(exchange)
  if (status > 0) attributes['http.response.status_code'] = status
  const failure = failureOf(exchange)
  if (failure !== null) attributes['error.type'] = failure
  return attributes
}

/** Describes exchanges for log records. A connection rejected before a request belongs to no service. */
export function describeExchanges(services: readonly ServiceSettings[]): DescribeExchange {
  const routes = new Map(services.map((service) => [service.type as string, routesOf(service)]))
  return (exchange: DescribedExchange) =>
    requestAttributes(exchange, routeName(exchange.route ?? 0, routes.get(exchange.service ?? '') ?? []))
}

/** `error.type` as in its metrics; null if it did not fail. */
export function failureOf({ isFailed, code, status, tunnelEnd }: DescribedExchange): string | null {
  // The response to a declined upgrade is counted when it begins, so a later cut shows only in the code.
  const isCutLater = isFailed === false && code !== null && status < 400 && tunnelEnd === null
  return (isFailed ?? status >= 500) || isCutLater ? (code ?? String(status || '_OTHER')) : null
}

/** A failure that only the client can repair is not an error of the span. */
export function isClientsDoing(failure: string): boolean {
  return Object.hasOwn(errorTable, failure) && errorTable[failure as ErrorCode].source === 'client'
}

/** 0 if no status was sent: 499 exists in logs only. */
function sentStatus({ status, code, response }: DescribedExchange): number {
  const isNothing = code === 'CLIENT_ABORTED' && response?.isHeadSent !== true
  return isNothing ? 0 : status
}

/** Clients can invent methods, but the number of span names must stay small. */
export function methodOf(method: string | null): {
  readonly name: string
  readonly attributes: SpanAttributes
} {
  if (method !== null && methodId(method) > 0)
    return { name: method, attributes: { 'http.request.method': method } }
  const original = method === null ? {} : { 'http.request.method_original': readable(method) }
  return { name: 'HTTP', attributes: { 'http.request.method': '_OTHER', ...original } }
}

function targetAttributes({ method, target }: DescribedExchange): SpanAttributes {
  if (method === 'CONNECT' || target === null) return {}
  const whole = maskUrl(parseAbsolute(target)?.path ?? target, hidden, hiddenUser)
  const [path = '', ...query] = whole.split('?')
  const attributes: RequestAttributes = { 'url.path': readable(path) }
  if (query.length > 0) attributes['url.query'] = readable(query.join('?'))
  return attributes
}

/** The host that the client requested; a trusted proxy knows it best. */
function hostAttributes({ method, target, scheme, host, provenance }: DescribedExchange): SpanAttributes {
  if (target === null) return {}
  if (method === 'CONNECT') return addressAttributes(target, '')
  const absolute = parseAbsolute(target)
  return addressAttributes(
    provenance?.host || (absolute?.authority ?? host ?? ''),
    absolute?.scheme ?? scheme,
  )
}

/** Host and port as separate attributes; an IPv6 address has no brackets. */
export function addressAttributes(authority: string, scheme: string): SpanAttributes {
  const found = parseAuthority(authority, scheme === 'http' ? 80 : 443)
  if (found === null) return {}
  return { 'server.address': readable(found.host), 'server.port': found.port }
}

/** `network.protocol.version`: 1.0, 1.1 or 2; null without a request. */
function versionOf(version: number): string | null {
  if (version === 0) return null
  return version >= 20 ? String(version / 10) : `${Math.trunc(version / 10)}.${version % 10}`
}
