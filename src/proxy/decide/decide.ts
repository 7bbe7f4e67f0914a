/**
 * Decides what to do with a request: a pure function of its head and the worker's policy.
 *
 *   CONNECT, absolute-form -> forward, if there is one
 *   GET or HEAD without upgrade, path owned by a mount -> static
 *   everything else -> reverse, or a reply that says why not
 */
import type { MountSettings, ServiceSettings, ServiceType } from '../../config/settings/settings.ts'
import type { ErrorCode } from '../../errors.ts'
import { formatAuthority, parseAuthority, withoutEmptyPort } from '../../http/address/authority.ts'
import type { ReplyOptions } from '../../http/reply/reply.ts'
import type { HeadBounds } from '../../http/wire/server/request-head.ts'
import { leavesRoot, normalisePath, ownerOf, parseAbsolute, upstreamOf } from './target.ts'

export interface Head {
  readonly method: string
  /** The request target as received. */
  readonly url: string
  /** The Host field; undefined without one. */
  readonly host: string | undefined
  /** Number of Host fields. */
  readonly hosts: number
  /** Present for HTTP/2 requests only. */
  readonly stream?: StreamHead
  readonly isUpgrade: boolean
  /** 10 and 11 for HTTP/1.0 and 1.1, 20 for HTTP/2. */
  readonly version: number
  /** Transfer-Encoding. */
  readonly coding: string | undefined
  /** Expect. */
  readonly expect: string | undefined
  /** Number of header fields. */
  readonly fields: number
  /** Content-Length; -1 without one. */
  readonly length: number
}

export interface StreamHead {
  /** Size of the field section (RFC 9113 6.5.2); over HTTP/1.1 the parser limits the head. */
  readonly bytes: number
  /** `:authority`. */
  readonly authority: string | undefined
  /** It contains something that no HTTP/1.1 request line could hold. */
  readonly isMalformed: boolean
}

export interface OwnedMount {
  /** Path of the mount as bytes, one character each, to be compared with a normalised path. */
  readonly prefix: string
  readonly settings: MountSettings
}

/**
 * The services of a worker, prepared once. Limits for heads are the widest of all services, since the service
 * is known only after the head has been read.
 */
export interface Policy extends HeadBounds {
  readonly hasForward: boolean
  readonly hasReverse: boolean
  /** The reverse target has a path of its own, which no request may leave. */
  readonly hasBase: boolean
  /** Longest prefix first; null if the worker serves no files. */
  readonly mounts: readonly OwnedMount[] | null
  /** Limit per service; null if no service limits bodies. */
  readonly maxBodyBytes: Readonly<Partial<Record<ServiceType, number>>> | null
}

/**
 * `authority` is the host as sent to the next hop and in X-Forwarded-Host; '' if the client sent none.
 * `service` of a reply is the service that the request belongs to; null if it belongs to none.
 */
export type Decision =
  | { readonly kind: 'forward'; readonly origin: string; readonly authority: string; readonly path: string }
  | { readonly kind: 'tunnel'; readonly host: string; readonly port: number }
  | { readonly kind: 'reverse'; readonly authority: string; readonly path: string }
  | { readonly kind: 'static'; readonly mount: MountSettings; readonly path: string }
  | ({
      readonly kind: 'reply'
      readonly code: ErrorCode
      readonly service: ServiceType | null
    } & ReplyDetails)

interface ReplyDetails {
  readonly message?: string
  readonly allow?: string
  /** Further fields of the reply, flat. */
  readonly fields?: readonly string[]
}

const fileMethods = 'GET, HEAD'
const reverseMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
const forwardOnly =
  'This is a forward proxy: it expects a whole http:// or https:// URL, or CONNECT. Set it as the proxy of your client.'

export function createPolicy(services: readonly ServiceSettings[]): Policy {
  const files = services.find((service) => service.type === 'static')
  const reverse = services.find((service) => service.type === 'reverse')
  const mounts = files?.mounts
    .map((settings) => ({ prefix: Buffer.from(settings.path).toString('latin1'), settings }))
    .sort((one, other) => other.prefix.length - one.prefix.length)
  return {
    hasForward: services.some(({ type }) => type === 'forward'),
    hasReverse: reverse !== undefined,
    hasBase: reverse !== undefined && upstreamOf(reverse.target).basePath !== '',
    mounts: mounts ?? null,
    maxHeadBytes: Math.max(...services.map(({ sizes }) => sizes.maxHeadBytes)),
    maxFields: Math.max(...services.map(({ sizes }) => sizes.maxFields)),
    maxTargetBytes: Math.max(...services.map(({ sizes }) => sizes.maxTargetBytes)),
    maxBodyBytes: services.some(({ sizes }) => sizes.maxBodyBytes > 0)
      ? Object.fromEntries(services.map(({ type, sizes }) => [type, sizes.maxBodyBytes || Infinity]))
      : null,
  }
}

export function decide(head: Head, policy: Policy): Decision {
  const decision = decideTarget(head, policy)
  if (policy.maxBodyBytes === null || head.length < 0 || decision.kind === 'reply') return decision
  const service = services[decision.kind]
  const isTooLarge = head.length > (policy.maxBodyBytes[service] ?? Infinity)
  return isTooLarge ? { kind: 'reply', code: 'BODY_TOO_LARGE', service } : decision
}

function decideTarget(head: Head, policy: Policy): Decision {
  const fault = faultOf(head, policy)
  if (fault !== null) return reply(fault)
  if (head.method === 'CONNECT') return decideConnect(head, policy)
  if (head.url.includes('#')) return reply('BAD_TARGET')

  const absolute = parseAbsolute(head.url)
  if (absolute === null) {
    if (head.host === '') return reply('BAD_AUTHORITY')
    if (head.url.charCodeAt(0) === 0x2f) {
      return decidePath(head, policy, withoutEmptyPort(head.host ?? ''), head.url)
    }
    return reply(head.url === '*' && head.method === 'OPTIONS' ? 'NOT_IMPLEMENTED' : 'BAD_TARGET')
  }
  const { scheme } = absolute
  const defaultPort = scheme === 'http' ? 80 : 443
  const authority = parseAuthority(absolute.authority, defaultPort)
  if (authority === null) return reply('BAD_AUTHORITY')
  // RFC 9112 3.2.2: the authority of the target overrides Host.
  const host = formatAuthority(authority, defaultPort)
  if (!policy.hasForward) return decidePath(head, policy, host, absolute.path)
  const origin = `${scheme}://${formatAuthority(authority)}`
  return { kind: 'forward', origin, authority: host, path: absolute.path }
}

/** Finds a fault that makes the request invalid for every service. */
export function faultOf(
  { url, fields, version, host, hosts, stream, coding, expect }: Head,
  { maxTargetBytes, maxFields, maxHeadBytes }: Policy,
): ErrorCode | null {
  if (url.length > maxTargetBytes) return 'TARGET_TOO_LONG'
  if (fields > maxFields || (stream !== undefined && stream.bytes > maxHeadBytes)) return 'HEAD_TOO_LARGE'
  if (stream?.isMalformed) return 'BAD_REQUEST'
  // An HTTP/1 request line with version 2.0 is not HTTP/2.
  if (version < 10 || (version >= 20 && stream === undefined)) return 'VERSION_NOT_SUPPORTED'
  // RFC 9112 3.2: exactly one valid Host field from HTTP/1.1 on; it may be empty if the target has an
  // authority of its own, or can have none.
  if (hosts > 1 || (host !== undefined && host !== '' && parseAuthority(host, 80) === null)) {
    return 'BAD_AUTHORITY'
  }
  if (stream !== undefined && !agrees(stream.authority, host)) return 'BAD_AUTHORITY'
  if (hosts === 0 && version > 10) return 'BAD_REQUEST'
  // RFC 9112 6.1, 7: faulty framing, which the previous hop may have read differently.
  if (coding !== undefined && (version === 10 || isFaulty(coding))) return 'BAD_REQUEST'
  // RFC 9112 6.1: an unknown coding; the next hop would receive it as content.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'NOT_IMPLEMENTED'
  if (expect !== undefined && version > 10 && !continueExpected.test(expect)) return 'EXPECTATION_FAILED'
  return null
}

/** A body without a known end, as chunked is not the last coding (RFC 9112 6.3), or chunked more than once (7.1). */
function isFaulty(coding: string): boolean {
  if (coding === 'chunked') return false
  const names = coding.toLowerCase().split(',').map(withoutBlanks)
  return names.at(-1) !== 'chunked' || names.indexOf('chunked') !== names.length - 1
}

/** Not `trim`, which also takes a no-break space away. */
function withoutBlanks(text: string): string {
  let at = 0
  let end = text.length
  while (at < end && isBlank(text.charCodeAt(at))) at += 1
  while (end > at && isBlank(text.charCodeAt(end - 1))) end -= 1
  return text.slice(at, end)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

/** RFC 9113 8.3.1: Host must not differ from `:authority`. */
function agrees(authority: string | undefined, host: string | undefined): boolean {
  if (authority === undefined || authority === host) return true
  const [first, second] = [parseAuthority(authority, 443), parseAuthority(host ?? '', 443)]
  return first !== null && second !== null && first.host === second.host && first.port === second.port
}

/** The only defined expectation (RFC 9110 10.1.1). */
const continueExpected = /^100-continue$/i

function decideConnect(head: Head, policy: Policy): Decision {
  if (!policy.hasForward) {
    return policy.hasReverse
      ? reply('METHOD_NOT_ALLOWED', 'reverse', { allow: reverseMethods })
      : reply('METHOD_NOT_ALLOWED', 'static', { allow: fileMethods })
  }
  const authority = parseAuthority(head.url)
  return authority === null ? reply('BAD_AUTHORITY') : { kind: 'tunnel', ...authority }
}

function decidePath(head: Head, policy: Policy, authority: string, path: string): Decision {
  const { mounts, hasReverse, hasBase } = policy
  const isOutside = hasBase && leavesRoot(path)
  const reverse: Decision | null = !hasReverse
    ? null
    : isOutside
      ? reply('BAD_PATH', 'reverse')
      : { kind: 'reverse', authority, path }
  if (mounts === null) return reverse ?? reply('BAD_TARGET', 'forward', { message: forwardOnly })
  if (head.isUpgrade && reverse !== null) return reverse

  const normal = normalisePath(path)
  if (normal === null) return reply('BAD_PATH')
  const owner = ownerOf(mounts, normal)
  if (owner === undefined) return reverse ?? reply('NOT_FOUND', 'static')
  if (head.method === 'GET' || head.method === 'HEAD') {
    return { kind: 'static', mount: owner.settings, path }
  }
  return reverse ?? reply('METHOD_NOT_ALLOWED', 'static', { allow: fileMethods })
}

const reply = (
  code: ErrorCode,
  service: ServiceType | null = null,
  details: ReplyDetails = {},
): Decision => ({
  kind: 'reply',
  code,
  service,
  ...details,
})

const services = { forward: 'forward', tunnel: 'forward', reverse: 'reverse', static: 'static' } as const

/** Service that the request belongs to; null if it belongs to none. */
export const serviceOf = (decision: Decision): ServiceType | null =>
  decision.kind === 'reply' ? decision.service : services[decision.kind]

/** Path and query of a request, without authority; null for CONNECT, which has no path. */
export function pathOf(decision: Decision, target: string): string | null {
  if (decision.kind === 'tunnel') return null
  return decision.kind === 'reply' ? (parseAbsolute(target)?.path ?? target) : decision.path
}

/** The row of the error table that a reply is made from. */
export const codeOf = (decision: Decision): ErrorCode =>
  decision.kind === 'reply' ? decision.code : 'BAD_REQUEST'

const endsConnection: ReadonlySet<ErrorCode> = new Set([
  'VERSION_NOT_SUPPORTED',
  'BAD_REQUEST',
  'HEAD_TOO_LARGE',
  'BODY_TOO_LARGE',
])

/** Options of a reply beyond its row; `closing` if its connection ends in any case. */
export function replyOptions(
  decision: Decision,
  { closing, shownId: requestId }: { readonly closing: boolean; readonly shownId: string | null },
): ReplyOptions {
  if (decision.kind !== 'reply') return { close: closing, requestId }
  const { code, message, allow, fields } = decision
  return {
    // After such a request, the following bytes cannot be read as a request.
    close: closing || endsConnection.has(code),
    requestId,
    ...(message === undefined ? {} : { message }),
    headers: allow === undefined ? (fields ?? []) : ['Allow', allow],
  }
}
