/**
 * What a proxy does to header fields, over flat `[name, value, name, value]` arrays: case, order and duplicates are kept.
 *
 *   client  --raw-->  requestHeaders   --> upstream      hop-by-hop out, Forwarded, X-Forwarded-* and Via in
 *   client  <--       responseHeaders  <--raw-- upstream  hop-by-hop out, Via in
 */
import { fieldKind, hasToken, isName, kind, namedByConnection } from './fields.ts'
import { addForwarding, type ForwardedHop, type Forwarding } from './forwarded.ts'
import type { Provenance } from './provenance.ts'

export interface RequestContext {
  /** Replaces the client's Host field; undefined keeps it (RFC 9112 3.2.2: an absolute-form target wins over Host). */
  readonly host: string | undefined
  /** What is said of this hop; its host is '' when the client named none (HTTP/1.0). */
  readonly hop: ForwardedHop
  readonly forwarding: Forwarding
  /** What a trusted peer says of the hops before it; null for any other peer, whose fields are left out. */
  readonly came: Provenance | null
  /** Takes Authorization out: it was meant for this hop. */
  readonly hidesAuthorization: boolean
  /** What X-Request-Id becomes; null leaves the client's. */
  readonly requestId: string | null
  /** The version of HTTP that the request came with. */
  readonly protocol: '1.0' | '1.1' | '2.0'
  /** Our name in Via; a request that carries it already has been here. */
  readonly pseudonym: string
}

/**
 * The fields that go upstream, or null when Via shows that the request has passed this proxy before (RFC 9110 7.6.1-3).
 * Framing is the sender's: Transfer-Encoding is always taken out and Content-Length always kept, whatever
 * Connection names. Expect is taken out as well: whoever sends the request asks anew (RFC 9110 10.1.1).
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

/** A peer that names one of these fields in Connection means it for this hop only. */
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

/**
 * The fields that go back to the client. `raw` may hold Buffers, as undici hands them out (latin1, RFC 9110 5.5). `shownId` is what
 * X-Request-Id becomes; null leaves the upstream's.
 */
export function responseHeaders(
  raw: readonly (string | Buffer)[],
  pseudonym: string,
  shownId: string | null = null,
): string[] {
  const text = typeof raw[0] === 'string' ? (raw as readonly string[]) : raw.map(latin1)
  const named = namedByConnection(text)
  const out: string[] = []
  let via = ''
  for (let at = 0; at < text.length; at += 2) {
    const name = text[at] as string
    const value = withoutEdges(text[at + 1] as string)
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
 * Whether a message is framed by anything but one `chunked`. Transfer-Encoding is taken out on the way, so another coding would
 * reach the next hop as if it were content (RFC 9112 6.1, 7).
 */
export function hasOtherCoding(raw: readonly (string | Buffer)[]): boolean {
  let isChunked = false
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string | Buffer
    if (name.length !== 17 || !isName(latin1(name), 'transfer-encoding')) continue
    if (isChunked || latin1(raw[at + 1] as string | Buffer).toLowerCase() !== 'chunked') return true
    isChunked = true
  }
  return false
}

/**
 * The protocols that a response names in Upgrade, '' for none. Upgrade is hop-by-hop, but a 426 has to have it (RFC 9110 15.5.22), and
 * goes on together with its Connection option (7.8).
 */
export function upgradeOf(raw: readonly (string | Buffer)[]): string {
  let protocols = ''
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string | Buffer
    if (name.length === 7 && isName(latin1(name), 'upgrade')) {
      protocols = joinList(protocols, latin1(raw[at + 1] as string | Buffer))
    }
  }
  return protocols
}

/** Takes Content-Length out of fields: a 204 has none (RFC 9110 8.6), and a 205 that is sent without its body. */
export function dropLength(fields: string[]): void {
  for (let at = fields.length - 2; at >= 0; at -= 2) {
    if (fieldKind(fields[at] as string) === kind.framing) fields.splice(at, 2)
  }
}

/** The trailer fields that may be passed on: none that frames, routes or authenticates (RFC 9110 6.5.1). */
export function trailerFields(raw: readonly (string | Buffer)[]): [string, string][] {
  const out: [string, string][] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = latin1(raw[at] as string | Buffer)
    if (fieldKind(name) === kind.other && !forbiddenTrailer.test(name)) {
      out.push([name, withoutEdges(latin1(raw[at + 1] as string | Buffer))])
    }
  }
  return out
}

/** How many Host fields came; more than one is an attack on whoever reads the other one (RFC 9112 3.2). */
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

/**
 * A value without the white space around it, which is no part of it (RFC 9110 5.5); undici leaves it there, and in HTTP/2 it makes a
 * message malformed (RFC 9113 8.2.1).
 */
function withoutEdges(value: string): string {
  const last = value.length - 1
  if (last === -1 || (!isBlank(value.charCodeAt(0)) && !isBlank(value.charCodeAt(last)))) return value
  let [from, to] = [0, value.length]
  while (from < to && isBlank(value.charCodeAt(from))) from += 1
  while (to > from && isBlank(value.charCodeAt(to - 1))) to -= 1
  return value.slice(from, to)
}

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09

const latin1 = (text: string | Buffer): string => (typeof text === 'string' ? text : text.toString('latin1'))

const isNamed = (named: ReadonlySet<string> | null, name: string): boolean =>
  named?.has(name.toLowerCase()) ?? false

/** Via: `[protocol "/"] version SP received-by [SP comment]`, comma-separated (RFC 9110 7.6.3). */
function passedBy(via: string, pseudonym: string): boolean {
  if (!via.includes(pseudonym)) return false
  return via.split(',').some((entry) => entry.trim().split(/[ \t]+/)[1] === pseudonym)
}
