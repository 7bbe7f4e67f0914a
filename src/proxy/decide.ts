/**
 * What is to be done with a request: a pure function from its head and the worker's policy.
 *
 *   CONNECT, absolute-form -> forward where there is one
 *   a path that a mount owns, GET or HEAD, no upgrade -> static
 *   everything else -> reverse, or a reply that says why not
 */
import type { MountSettings, ServiceSettings } from '../config/settings.ts'
import type { ErrorCode } from '../errors.ts'
import { formatAuthority, parseAuthority } from '../http/authority.ts'
import { normalisePath, ownerOf, parseAbsolute } from './target.ts'

export interface Head {
  readonly method: string
  /** The request target as it came. */
  readonly url: string
  /** The Host field; undefined when there is none. */
  readonly host: string | undefined
  /** How many Host fields came. */
  readonly hosts: number
  readonly isUpgrade: boolean
}

export interface OwnedMount {
  /** The mount's path as bytes, one character each, comparable with a normalised path. */
  readonly prefix: string
  readonly settings: MountSettings
}

/** Which services a worker has, made once. */
export interface Policy {
  readonly hasForward: boolean
  readonly hasReverse: boolean
  /** Longest first; null when the worker serves no files. */
  readonly mounts: readonly OwnedMount[] | null
}

/** `authority` is the host as the next hop and X-Forwarded-Host see it; '' when the client named none. */
export type Decision =
  | { readonly kind: 'forward'; readonly origin: string; readonly authority: string; readonly path: string }
  | { readonly kind: 'tunnel'; readonly host: string; readonly port: number }
  | { readonly kind: 'reverse'; readonly authority: string; readonly path: string }
  | { readonly kind: 'static'; readonly mount: MountSettings; readonly path: string }
  | { readonly kind: 'reply'; readonly code: ErrorCode; readonly message?: string; readonly allow?: string }

const fileMethods = 'GET, HEAD'
const reverseMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
const forwardOnly =
  'This is a forward proxy: it expects a whole http:// or https:// URL, or CONNECT. Set it as the proxy of your client.'

export function createPolicy(services: readonly ServiceSettings[]): Policy {
  const files = services.find((service) => service.type === 'static')
  const mounts = files?.mounts
    .map((settings) => ({ prefix: Buffer.from(settings.path).toString('latin1'), settings }))
    .sort((one, other) => other.prefix.length - one.prefix.length)
  return {
    hasForward: services.some(({ type }) => type === 'forward'),
    hasReverse: services.some(({ type }) => type === 'reverse'),
    mounts: mounts ?? null,
  }
}

export function decide(head: Head, policy: Policy): Decision {
  if (head.hosts > 1) return reply('BAD_AUTHORITY')
  if (head.method === 'CONNECT') return decideConnect(head, policy)
  if (head.url.includes('#')) return reply('BAD_TARGET')

  const absolute = parseAbsolute(head.url)
  if (absolute === null) {
    if (head.url.charCodeAt(0) === 0x2f) return decidePath(head, policy, head.host ?? '', head.url)
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

function decideConnect(head: Head, policy: Policy): Decision {
  if (!policy.hasForward) {
    return reply('METHOD_NOT_ALLOWED', { allow: policy.hasReverse ? reverseMethods : fileMethods })
  }
  const authority = parseAuthority(head.url)
  return authority === null ? reply('BAD_AUTHORITY') : { kind: 'tunnel', ...authority }
}

function decidePath(head: Head, policy: Policy, authority: string, path: string): Decision {
  const { mounts, hasReverse } = policy
  const reverse: Decision | null = hasReverse ? { kind: 'reverse', authority, path } : null
  if (mounts === null) return reverse ?? reply('BAD_TARGET', { message: forwardOnly })
  if (head.isUpgrade && reverse !== null) return reverse

  const normal = normalisePath(path)
  if (normal === null) return reply('BAD_PATH')
  const owner = ownerOf(mounts, normal)
  if (owner === undefined) return reverse ?? reply('NOT_FOUND')
  if (head.method === 'GET' || head.method === 'HEAD') {
    return { kind: 'static', mount: owner.settings, path }
  }
  return reverse ?? reply('METHOD_NOT_ALLOWED', { allow: fileMethods })
}

const reply = (
  code: ErrorCode,
  details: { readonly message?: string; readonly allow?: string } = {},
): Decision => ({ kind: 'reply', code, ...details })

/** The row of the error table that a reply is made of. */
export const codeOf = (decision: Decision): ErrorCode =>
  decision.kind === 'reply' ? decision.code : 'BAD_REQUEST'

/** What a reply says besides its row. */
export function replyOptions(decision: Decision): { message?: string; headers?: string[] } {
  if (decision.kind !== 'reply') return {}
  return {
    ...(decision.message === undefined ? {} : { message: decision.message }),
    ...(decision.allow === undefined ? {} : { headers: ['Allow', decision.allow] }),
  }
}
