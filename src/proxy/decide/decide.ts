/**
 * What is to be done with a request: a pure function from its head and the worker's policy.
 *
 *   CONNECT, absolute-form -> forward where there is one
 *   a path that a mount owns, GET or HEAD, no upgrade -> static
 *   everything else -> reverse, or a reply that says why not
 */
import type { MountSettings, ServiceSettings, ServiceType } from '../../config/settings/settings.ts'
import type { ErrorCode } from '../../errors.ts'
import type { HeadBounds } from '../../http/accept/server.ts'
import { formatAuthority, parseAuthority, withoutEmptyPort } from '../../http/address/authority.ts'
import type { ReplyOptions } from '../../http/reply/reply.ts'
import { leavesRoot, normalisePath, ownerOf, parseAbsolute, upstreamOf } from './target.ts'

export interface Head {
  readonly method: string
  /** The request target as it came. */
  readonly url: string
  /** The Host field; undefined when there is none. */
  readonly host: string | undefined
  /** How many Host fields came. */
  readonly hosts: number
  /** Only what came by HTTP/2 has it. */
  readonly stream?: StreamHead
  readonly isUpgrade: boolean
  /** Its request line has more than one space between two parts. */
  readonly isSpread: boolean
  /** 10 and 11 for HTTP/1.0 and 1.1, 20 for HTTP/2. */
  readonly version: number
  /** Transfer-Encoding. */
  readonly coding: string | undefined
  /** Expect. */
  readonly expect: string | undefined
  /** How many header fields came. */
  readonly fields: number
  /** Content-Length. */
  readonly length: string | undefined
}

export interface StreamHead {
  /** Size of the field section (RFC 9113 6.5.2); over HTTP/1.1 the parser bounds the head. */
  readonly bytes: number
  /** `:authority`. */
  readonly authority: string | undefined
  /** It has what no HTTP/1.1 request line could hold. */
  readonly isMalformed: boolean
}

export interface OwnedMount {
  /** The mount's path as bytes, one character each, comparable with a normalised path. */
  readonly prefix: string
  readonly settings: MountSettings
}

/** Which services a worker has, made once. Of heads the largest that any service allows: it is the head that says whose it is. */
export interface Policy extends HeadBounds {
  readonly hasForward: boolean
  readonly hasReverse: boolean
  /** The reverse target has a path of its own, and no request may lead out of it. */
  readonly hasBase: boolean
  /** Longest first; null when the worker serves no files. */
  readonly mounts: readonly OwnedMount[] | null
  /** By service; null when no body has a bound. */
  readonly maxBodyBytes: Readonly<Partial<Record<ServiceType, number>>> | null
}

/**
 * `authority` is the host as the next hop and X-Forwarded-Host see it; '' when the client named none. `service` is whose reply it is:
 * null for what is no request to any.
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
  if (policy.maxBodyBytes === null || head.length === undefined || decision.kind === 'reply') return decision
  const service = services[decision.kind]
  const isTooLarge = Number(head.length) > (policy.maxBodyBytes[service] ?? Infinity)
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
  // RFC 9112 3.2.2: the target's authority is the host, whatever Host says.
  const host = formatAuthority(authority, defaultPort)
  if (!policy.hasForward) return decidePath(head, policy, host, absolute.path)
  const origin = `${scheme}://${formatAuthority(authority)}`
  return { kind: 'forward', origin, authority: host, path: absolute.path }
}

/** What is wrong with a request wherever it leads. */
export function faultOf(
  { url, fields, isSpread, version, host, hosts, stream, coding, expect }: Head,
  { maxTargetBytes, maxFields, maxHeadBytes }: Policy,
): ErrorCode | null {
  if (url.length > maxTargetBytes) return 'TARGET_TOO_LONG'
  if (fields > maxFields || (stream !== undefined && stream.bytes > maxHeadBytes)) return 'HEAD_TOO_LARGE'
  if (isSpread || stream?.isMalformed) return 'BAD_REQUEST'
  // A request line of HTTP/1 that says 2.0 is no HTTP/2.
  if (version < 10 || (version >= 20 && stream === undefined)) return 'VERSION_NOT_SUPPORTED'
  // RFC 9112 3.2: one valid Host field, from HTTP/1.1 on; an empty one is for targets that have their own authority, or none.
  if (hosts > 1 || (host !== undefined && host !== '' && parseAuthority(host, 80) === null)) {
    return 'BAD_AUTHORITY'
  }
  if (stream !== undefined && !agrees(stream.authority, host)) return 'BAD_AUTHORITY'
  if (hosts === 0 && version > 10) return 'BAD_REQUEST'
  // RFC 9112 6.1: faulty framing, which whoever came before may have read in another way.
  if (coding !== undefined && version === 10) return 'BAD_REQUEST'
  // RFC 9112 6.1: a coding that is not understood; the next hop would be given it as content.
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'NOT_IMPLEMENTED'
  if (expect !== undefined && version > 10 && !continueExpected.test(expect)) return 'EXPECTATION_FAILED'
  return null
}

/** RFC 9113 8.3.1: Host says nothing else than `:authority`. */
function agrees(authority: string | undefined, host: string | undefined): boolean {
  if (authority === undefined || authority === host) return true
  const [first, second] = [parseAuthority(authority, 443), parseAuthority(host ?? '', 443)]
  return first !== null && second !== null && first.host === second.host && first.port === second.port
}

/** The only expectation that there is (RFC 9110 10.1.1). */
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

/** Whose request it is; null for what is no request to any service. */
export const serviceOf = (decision: Decision): ServiceType | null =>
  decision.kind === 'reply' ? decision.service : services[decision.kind]

/** Path and query of a request, without authority; null for CONNECT, which has no path. */
export function pathOf(decision: Decision, target: string): string | null {
  if (decision.kind === 'tunnel') return null
  return decision.kind === 'reply' ? (parseAbsolute(target)?.path ?? target) : decision.path
}

/** The row of the error table that a reply is made of. */
export const codeOf = (decision: Decision): ErrorCode =>
  decision.kind === 'reply' ? decision.code : 'BAD_REQUEST'

const endsConnection: ReadonlySet<ErrorCode> = new Set([
  'VERSION_NOT_SUPPORTED',
  'BAD_REQUEST',
  'HEAD_TOO_LARGE',
  'BODY_TOO_LARGE',
])

/** What a reply says besides its row; `closing` when its connection ends in any case. */
export function replyOptions(
  decision: Decision,
  { closing, shownId: requestId }: { readonly closing: boolean; readonly shownId: string | null },
): ReplyOptions {
  if (decision.kind !== 'reply') return { close: closing, requestId }
  const { code, message, allow, fields } = decision
  return {
    // What such a client sends next cannot be known to be a request.
    close: closing || endsConnection.has(code),
    requestId,
    ...(message === undefined ? {} : { message }),
    headers: allow === undefined ? (fields ?? []) : ['Allow', allow],
  }
}
