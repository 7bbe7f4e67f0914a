/** Reads the authority of a target or of Host: `host`, `host:port`, `[IPv6]:port`. Pure. */
import { isIPv4, isIPv6 } from 'node:net'
import { canonicalAddress } from './address.ts'

export interface Authority {
  /** Lower-case name or canonical IP address, without brackets. An IPv4-mapped IPv6 address is the IPv4 address. */
  readonly host: string
  /** 1 to 65535. */
  readonly port: number
}

const maxNameLength = 253
const maxLabelLength = 63

/**
 * Reads `host`, `host:port` or `[IPv6]:port` (RFC 3986 3.2.2, RFC 9110 4.2). An empty port means the default
 * port. Null for any other text: userinfo, a path, spaces, an empty host, percent-encoding, a comma, a port
 * outside 1..65535 or, without a `defaultPort`, a missing port.
 */
export function parseAuthority(text: string, defaultPort?: number): Authority | null {
  const bracketed = text.charCodeAt(0) === 0x5b
  const hostEnd = bracketed ? text.indexOf(']') + 1 : endOfName(text)
  if (hostEnd <= 0) return null

  const port = endsAt(text, hostEnd) ? defaultPort : parsePort(text, hostEnd)
  if (port === undefined) return null

  if (bracketed) {
    const address = text.slice(1, hostEnd - 1)
    // A zone (`%eth0`) is valid on one machine only: here, the client's (RFC 6874 1).
    if (!isIPv6(address) || address.includes('%')) return null
    const host = canonicalAddress(address)
    return host === null ? null : { host, port }
  }
  const host = text.slice(0, hostEnd).toLowerCase()
  return isName(host) ? { host, port } : null
}

/**
 * Drops an empty port: `a:` and `a` are the same authority (RFC 3986 6.2.3), but some servers reject the
 * first.
 */
export const withoutEmptyPort = (text: string): string => (text.endsWith(':') ? text.slice(0, -1) : text)

/** The text of an authority; IPv6 in brackets, without the port if it is `defaultPort`. */
export function formatAuthority(authority: Authority, defaultPort?: number): string {
  const host = authority.host.includes(':') ? `[${authority.host}]` : authority.host
  return authority.port === defaultPort ? host : `${host}:${authority.port}`
}

function endOfName(text: string): number {
  const colon = text.indexOf(':')
  return colon === -1 ? text.length : colon
}

/** Whether the text ends after the host, or after a bare colon. */
const endsAt = (text: string, hostEnd: number): boolean =>
  hostEnd === text.length || (hostEnd === text.length - 1 && text.charCodeAt(hostEnd) === 0x3a)

function parsePort(text: string, colonAt: number): number | undefined {
  const length = text.length - colonAt - 1
  if (text.charCodeAt(colonAt) !== 0x3a || length < 1 || length > 5) return undefined
  let port = 0
  for (let at = colonAt + 1; at < text.length; at += 1) {
    const digit = text.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return undefined
    port = port * 10 + digit
  }
  return port >= 1 && port <= 65_535 ? port : undefined
}

function isName(host: string): boolean {
  const end = host.endsWith('.') ? host.length - 1 : host.length
  if (end < 1 || end > maxNameLength) return false
  let labelAt = 0
  for (let at = 0; at <= end; at += 1) {
    const code = at === end ? 0x2e : host.charCodeAt(at)
    if (code === 0x2e) {
      if (at === labelAt || at - labelAt > maxLabelLength) return false
      if (at < end) labelAt = at + 1
    } else if (!isNameCode(code)) return false
  }
  // Resolvers and URL parsers read a name that ends in a number as an IPv4 address, in forms such as `127.1`,
  // `0x7f.1` or `2130706433` (WHATWG URL "ends in a number"). Only the plain form is unambiguous.
  return !endsInNumber(host, labelAt, end) || isIPv4(host)
}

/** Unreserved characters and sub-delims (RFC 3986 2), except the comma: X-Forwarded-Host is a list. */
function isNameCode(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || punctuation.has(code)
}

const punctuation: ReadonlySet<number> = new Set(Buffer.from("-_~!$&'()*+;="))

function endsInNumber(host: string, from: number, end: number): boolean {
  const first = host.charCodeAt(from)
  if (first < 0x30 || first > 0x39) return false
  return /^(?:\d+|0x[0-9a-f]*)$/.test(host.slice(from, end))
}
