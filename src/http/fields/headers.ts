/**
 * Rewrites header fields at the proxy, in flat `[name, value, name, value]` arrays: case, order and
 * duplicates are kept.
 *
 *   client  --raw-->  requestHeaders   --> upstream      hop-by-hop out, Forwarded, X-Forwarded-* and Via in
 *   client  <--       responseHeaders  <--raw-- upstream  hop-by-hop out, Via in
 */
import { fieldKind, hasToken, isName, kind, namedByConnection } from './fields.ts'
import { addForwarding, type ForwardedHop, type Forwarding } from './forwarded.ts'
import type { Provenance } from './provenance.ts'

export interface RequestContext {
  /**
   * Replaces the client's Host field, as for an absolute-form target (RFC 9112 3.2.2); undefined keeps it.
   */
  readonly host: string | undefined
  /** This hop; its host is '' if the client named none (HTTP/1.0). */
  readonly hop: ForwardedHop
  readonly forwarding: Forwarding
  /** Earlier hops as reported by a trusted peer; null for any other peer, whose fields are dropped. */
  readonly came: Provenance | null
  /** Drops Authorization, which was meant for this hop. */
  readonly hidesAuthorization: boolean
  /** New value of X-Request-Id; null keeps the client's. */
  readonly requestId: string | null
  /** HTTP version of the request. */
  readonly protocol: '1.0' | '1.1' | '2.0'
  /** Our name in Via; a request that already contains it has passed this proxy before. */
  readonly pseudonym: string
}

/**
 * The fields to send upstream; null if Via shows a loop (RFC 9110 7.6.1-3). The sender frames the message:
 * Transfer-Encoding is always dropped and Content-Length always kept, even if Connection names it. Expect is
 * dropped too, because the sender adds its own (RFC 9110 10.1.1).
 */
export function requestHeaders(raw: readonly string[], context: RequestContext): string[] | null {
  const named = namedByConnection(raw)
  const out: string[] = []
  const { came, requestId } = context
  let via = ''
  let sawHost = false
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    const value = raw[at + 1] as string
    switch (fieldKind(name)) {
      case kind.hop:
      case kind.expect:
      case kind.forwarded:
      case kind.forwardedFor:
      case kind.forwardedProto:
      case kind.forwardedHost:
      case kind.lookalike:
        break
      case kind.host:
        sawHost = true
        out.push(name, context.host ?? value)
        break
      case kind.via:
        if (passedBy(value, context.pseudonym)) return null
        via = joinList(via, value)
        break
      case kind.provenance:
        if (came !== null && !isNamed(named, name)) out.push(name, value)
        break
      case kind.requestId:
        if (requestId === null && !isNamed(named, name)) out.push(name, value)
        break
      case kind.authorization:
        if (!context.hidesAuthorization && !isNamed(named, name)) out.push(name, value)
        break
      case kind.te:
        if (hasToken(value, 'trailers')) out.push('TE', 'trailers')
        break
      case kind.framing:
        out.push(name, value)
        break
      default:
        if (!isNamed(named, name)) out.push(name, value)
    }
  }
  if (!sawHost && context.host !== undefined) out.push('Host', context.host)
  const { forwarding } = context
  const kept = came === null || named === null ? came : withoutNamed(came, named, forwarding)
  addForwarding(out, context.hop, kept, forwarding)
  out.push('Via', joinList(via, `${context.protocol} ${context.pseudonym}`))
  if (requestId !== null) out.push('X-Request-Id', requestId)
  return out
}

/** Drops the parts whose fields Connection names, as those are meant for this hop only. */
function withoutNamed(came: Provenance, named: ReadonlySet<string>, { believes }: Forwarding): Provenance {
  const isFor = isNamed(named, believes === 'forwarded' ? 'forwarded' : 'x-forwarded-for')
  const isOther = (name: string) => believes === 'x_forwarded' && isNamed(named, name)
  return {
    ...came,
    ...(isFor ? { hops: [], clientAt: 0 } : {}),
    proto: isOther('x-forwarded-proto') ? '' : came.proto,
    host: isOther('x-forwarded-host') ? '' : came.host,
  }
}

/** The fields to send to the client. `shownId` becomes X-Request-Id; null keeps the upstream's. */
export function responseHeaders(
  raw: readonly string[],
  pseudonym: string,
  shownId: string | null = null,
): string[] {
  const named = namedByConnection(raw)
  const out: string[] = []
  let via = ''
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    const value = raw[at + 1] as string
    switch (fieldKind(name)) {
      case kind.hop:
      case kind.te:
        break
      case kind.via:
        via = joinList(via, value)
        break
      case kind.framing:
        out.push(name, value)
        break
      case kind.requestId:
        if (shownId === null && !isNamed(named, name)) out.push(name, value)
        break
      default:
        if (!isNamed(named, name)) out.push(name, value)
    }
  }
  out.push('Via', joinList(via, `1.1 ${pseudonym}`))
  if (shownId !== null) out.push('X-Request-Id', shownId)
  return out
}

/**
 * Whether a message has a transfer coding other than a single `chunked`. Transfer-Encoding is dropped on the
 * way, so the next hop would take another coding for content (RFC 9112 6.1, 7).
 */
export function hasOtherCoding(raw: readonly string[]): boolean {
  let isChunked = false
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (name.length !== 17 || !isName(name, 'transfer-encoding')) continue
    if (isChunked || (raw[at + 1] as string).toLowerCase() !== 'chunked') return true
    isChunked = true
  }
  return false
}

/**
 * The protocols in a response's Upgrade field, or ''. Upgrade is hop-by-hop, but a 426 must
 * have it (RFC 9110 15.5.22), so it is sent again with its Connection option (7.8).
 */
export function upgradeOf(raw: readonly string[]): string {
  let protocols = ''
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (name.length === 7 && isName(name, 'upgrade')) protocols = joinList(protocols, raw[at + 1] as string)
  }
  return protocols
}

/** Drops Content-Length: a 204 must not have one (RFC 9110 8.6), and a 205 is sent without its body. */
export function dropLength(fields: string[]): void {
  for (let at = fields.length - 2; at >= 0; at -= 2) {
    if (fieldKind(fields[at] as string) === kind.framing) fields.splice(at, 2)
  }
}

/**
 * The trailer fields that may be forwarded, flat: not those for framing, routing or authentication (RFC 9110
 * 6.5.1).
 */
export function trailerFields(raw: readonly string[]): string[] {
  const out: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (fieldKind(name) === kind.other && !forbiddenTrailer.test(name)) out.push(name, raw[at + 1] as string)
  }
  return out
}

/**
 * Number of Host fields. More than one is an attack on the server that reads the other one (RFC 9112 3.2).
 */
export function countHost(raw: readonly string[]): number {
  let hosts = 0
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (name.length === 4 && isName(name, 'host')) hosts += 1
  }
  return hosts
}

const forbiddenTrailer =
  /^(?:content-(?:encoding|type|range)|set-cookie|authorization|cookie|www-authenticate|cache-control|expires|date|location|age|retry-after|vary|max-forwards|range|if-.*|pragma)$/i

const joinList = (before: string, value: string): string => (before === '' ? value : `${before}, ${value}`)

const isNamed = (named: ReadonlySet<string> | null, name: string): boolean =>
  named?.has(name.toLowerCase()) ?? false

/**
 * Whether a Via field contains our name: `[protocol "/"] version SP received-by [SP comment]` in a list (RFC
 * 9110 7.6.3).
 */
function passedBy(via: string, pseudonym: string): boolean {
  if (!via.includes(pseudonym)) return false
  return via.split(',').some((entry) => entry.trim().split(/[ \t]+/)[1] === pseudonym)
}
