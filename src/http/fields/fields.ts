/**
 * Classifies the header fields that a proxy must handle. Called for every field of every message, so it
 * checks the length first.
 */
export const kind = Object.freeze({
  other: 0,
  hop: 1,
  host: 2,
  via: 3,
  forwardedFor: 4,
  forwardedProto: 5,
  forwardedHost: 6,
  te: 7,
  expect: 8,
  framing: 9,
  forwarded: 10,
  requestId: 11,
  /** Any other field that describes the origin of a request; dropped if the peer is not trusted. */
  provenance: 12,
  /** A spelling that CGI-like gateways read as one of the above. */
  lookalike: 13,
  authorization: 14,
})

export type Kind = (typeof kind)[keyof typeof kind]

/** The kind of a field, by its name in any case (RFC 9110 5.1). */
export function fieldKind(name: string): Kind {
  switch (name.length) {
    case 2:
      return isName(name, 'te') ? kind.te : kind.other
    case 3:
      return isName(name, 'via') ? kind.via : kind.other
    case 4:
      return isName(name, 'host') ? kind.host : kind.other
    case 6:
      return isName(name, 'expect') ? kind.expect : kind.other
    case 7:
      return isName(name, 'upgrade') || isName(name, 'trailer') ? kind.hop : kind.other
    case 9:
      if (isName(name, 'forwarded')) return kind.forwarded
      return provenance(name)
    case 10:
      return isName(name, 'connection') || isName(name, 'keep-alive') ? kind.hop : kind.other
    case 12:
      return isName(name, 'x-request-id') ? kind.requestId : provenance(name)
    case 13:
      return isName(name, 'authorization') ? kind.authorization : provenance(name)
    case 14:
      if (isName(name, 'content-length')) return kind.framing
      // Belongs to the withdrawn upgrade to HTTP/2 (RFC 7540 3.2.1) and is forbidden in HTTP/2 messages.
      return isName(name, 'http2-settings') ? kind.hop : provenance(name)
    case 15:
      return isName(name, 'x-forwarded-for') ? kind.forwardedFor : provenance(name)
    case 16:
      if (isName(name, 'x-forwarded-host')) return kind.forwardedHost
      return isName(name, 'proxy-connection') ? kind.hop : provenance(name)
    case 17:
      if (isName(name, 'x-forwarded-proto')) return kind.forwardedProto
      return isName(name, 'transfer-encoding') ? kind.hop : provenance(name)
    case 18:
      return isName(name, 'proxy-authenticate') ? kind.hop : provenance(name)
    case 19:
      return isName(name, 'proxy-authorization') ? kind.hop : provenance(name)
    case 25:
      return isName(name, 'proxy-authentication-info') ? kind.hop : provenance(name)
    default:
      return provenance(name)
  }
}

/** Matches X-Forwarded, X-Forwarded-* and X-Real-IP; a lookalike has `_` in place of `-`. */
function provenance(name: string): Kind {
  const first = name.charCodeAt(0) | 0x20
  if (first !== 0x78 || !originName.test(name)) return kind.other
  return name.includes('_') ? kind.lookalike : kind.provenance
}

const originName = /^x[-_](?:forwarded(?:[-_]|$)|real[-_]ip$)/i

/**
 * Lower-case names of the fields that Connection declares hop-by-hop, or null. That is the
 * usual case: `keep-alive`, `close`, `upgrade` and `te` are skipped.
 */
export function namedByConnection(raw: readonly string[]): ReadonlySet<string> | null {
  let named: Set<string> | null = null
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] as string
    if (name.length !== 10 || !isName(name, 'connection')) continue
    const value = (raw[at + 1] as string).toLowerCase()
    if (value === 'keep-alive' || value === 'close') continue
    for (const token of value.split(',')) {
      const field = token.trim()
      if (field === '' || field === 'keep-alive' || field === 'close') continue
      named ??= new Set()
      named.add(field)
    }
  }
  return named
}

/** Whether a comma-separated list contains a token, ignoring parameters. `token` is lower-case. */
export function hasToken(list: string, token: string): boolean {
  if (list === token) return true
  return list
    .toLowerCase()
    .split(',')
    .some((entry) => entry.split(';')[0]?.trim() === token)
}

/**
 * Compares two names of equal length without case. Most differ in the first letter, which is compared without
 * a copy.
 */
export const isName = (name: string, lower: string): boolean =>
  (name.charCodeAt(0) | 0x20) === lower.charCodeAt(0) && (name === lower || name.toLowerCase() === lower)
