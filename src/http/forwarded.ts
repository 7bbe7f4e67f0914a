/**
 * Where a request comes from, as proxies tell each other: `Forwarded` (RFC 7239) and `X-Forwarded-*`. Pure.
 *
 * One of the two is believed, and only of a trusted peer; the other is made from it, so that whoever reads either reads the same.
 */
import { type NetworkSet, readAddress } from './address.ts'

/** One hop of `Forwarded`; a name or value that was not given is ''. */
export interface ForwardedHop {
  /** An address, with port where one was given (IPv6 in brackets then), `unknown`, or `_` and a made-up name. */
  readonly for: string
  readonly proto: string
  readonly host: string
}

export type BelievedField = 'x_forwarded' | 'forwarded'

/** What is said about where requests come from. */
export interface Forwarding {
  readonly xForwarded: boolean
  readonly forwarded: boolean
  /** Which of the two a trusted proxy is believed. */
  readonly believes: BelievedField
}

/** The fields as a trusted peer sent them, lists joined; '' for what was not there. */
export interface CameForwarded {
  readonly forwarded: string
  readonly forwardedFor: string
  readonly forwardedProto: string
  readonly forwardedHost: string
}

/** Adds the fields to `out`: what came from a trusted peer (null: from anybody else) and this hop after it. */
export function addForwarding(
  out: string[],
  hop: ForwardedHop,
  came: CameForwarded | null,
  { xForwarded, forwarded, believes }: Forwarding,
): void {
  if (came === null) {
    if (xForwarded) addXForwarded(out, hop.for, hop.proto, hop.host)
    if (forwarded) out.push('Forwarded', formatHop(hop))
    return
  }
  if (believes === 'x_forwarded') {
    const { forwardedFor, forwardedProto, forwardedHost } = came
    if (xForwarded) {
      const host = hop.host === '' ? forwardedHost : joinList(forwardedHost, hop.host)
      addXForwarded(out, joinList(forwardedFor, hop.for), joinList(forwardedProto, hop.proto), host)
    }
    if (forwarded) out.push('Forwarded', [...hopsOf(came), hop].map(formatHop).join(', '))
    return
  }
  const before = came.forwarded === '' ? [] : parseForwarded(came.forwarded)
  if (forwarded) {
    // What is not well-formed cannot be continued: the next reader would take our element for a part of it.
    out.push('Forwarded', joinList(before === null ? '' : came.forwarded, formatHop(hop)))
  }
  if (!xForwarded) return
  const hops = [...(before ?? []), hop]
  const list = (values: readonly string[]) => values.filter((value) => value !== '').join(', ')
  addXForwarded(
    out,
    list(hops.map((one) => plainNode(one.for))),
    list(hops.map(({ proto }) => proto)),
    list(hops.map(({ host }) => host)),
  )
}

function addXForwarded(out: string[], node: string, proto: string, host: string): void {
  out.push('X-Forwarded-For', node, 'X-Forwarded-Proto', proto)
  if (host !== '') out.push('X-Forwarded-Host', host)
}

/** X-Forwarded-* as hops. A shorter list of protocols or hosts is about the first hops: those that were there first. */
function hopsOf({ forwardedFor, forwardedProto, forwardedHost }: CameForwarded): readonly ForwardedHop[] {
  if (forwardedFor === '') return []
  const protos = splitList(forwardedProto)
  const hosts = splitList(forwardedHost)
  return splitList(forwardedFor).map((node, at) => ({
    for: isNode(node) ? node : 'unknown',
    proto: isToken(protos[at] ?? '') ? (protos[at] as string) : '',
    host: hosts[at] ?? '',
  }))
}

/**
 * The client's address: from the peer on, which is known, each trusted proxy is believed the one before it. Ends at the first address
 * that is not trusted, and at the last known one when a proxy named none.
 */
export function clientAddress(peer: string, nodes: readonly string[], trusted: NetworkSet): string {
  let client = peer
  for (let at = nodes.length - 1; at >= 0; at -= 1) {
    const address = plainNode(nodes[at] as string)
    const bits = readAddress(address)
    if (bits === null) return client
    client = address
    if (!trusted.has(bits)) return client
  }
  return client
}

/** The nodes of X-Forwarded-For or Forwarded, first hop first; empty where there are none or the list is not well-formed. */
export function nodesOf(text: string | undefined, field: BelievedField): readonly string[] {
  if (text === undefined || text === '') return []
  return field === 'x_forwarded' ? splitList(text) : (parseForwarded(text) ?? []).map((hop) => hop.for)
}

/** One element of `Forwarded`; what is no token is quoted, and so is an IPv6 address, which has brackets there (RFC 7239 4, 6). */
export function formatHop({ for: node, proto, host }: ForwardedHop): string {
  const name = readsAsIpv6(node) ? `"[${node}]"` : node.includes(':') ? `"${node}"` : node
  const rest = proto === '' ? '' : `;proto=${proto}`
  return `for=${name === '' ? 'unknown' : name}${host === '' ? '' : `;host=${quoted(host)}`}${rest}`
}

const readsAsIpv6 = (node: string): boolean =>
  node.charCodeAt(0) !== 0x5b && node.indexOf(':') !== node.lastIndexOf(':')

/** The last host and what became of it: most requests name the same one. */
let lastHost = ''
let lastQuoted = ''

function quoted(host: string): string {
  if (host === lastHost) return lastQuoted
  lastQuoted = isToken(host) ? host : `"${host.replace(/["\\]/g, '\\$&')}"`
  lastHost = host
  return lastQuoted
}

/** Every element of a Forwarded field, or null when it is not well-formed (RFC 7239 4). Parameters other than these are let go. */
export function parseForwarded(text: string): readonly ForwardedHop[] | null {
  const hops: ForwardedHop[] = []
  let hop: Record<string, string> = {}
  let isEmpty = true
  const pair =
    /[ \t]*(?:([!#$%&'*+\-.^_`|~\w]+)=(?:([!#$%&'*+\-.^_`|~\w]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*([;,]|$)/y
  while (pair.lastIndex < text.length || !isEmpty) {
    const found = pair.exec(text)
    if (found === null) return null
    const [, name, token, quotedText, end] = found
    if (name !== undefined) {
      const key = name.toLowerCase()
      if (Object.hasOwn(hop, key)) return null
      hop[key] = token ?? (quotedText as string).replace(/\\(.)/g, '$1')
      isEmpty = false
    }
    if (end === ';') continue
    if (!isEmpty) hops.push({ for: hop['for'] ?? '', proto: hop['proto'] ?? '', host: hop['host'] ?? '' })
    hop = {}
    isEmpty = true
    if (end === '') break
  }
  return hops
}

/** A node without port and brackets; what is no address stays as it is, and what was not given is `unknown`. */
function plainNode(node: string): string {
  if (node.charCodeAt(0) === 0x5b) return /^\[([^\]]*)\](?::|$)/.exec(node)?.[1] ?? node
  const colon = node.indexOf(':')
  if (colon !== -1 && colon === node.lastIndexOf(':')) return node.slice(0, colon)
  return node === '' ? 'unknown' : node
}

/** `unknown`, a made-up name, or an address with or without port (RFC 7239 6). */
function isNode(node: string): boolean {
  if (node === 'unknown' || /^_[\w.-]+$/.test(node) || readAddress(node) !== null) return true
  const port = /^(?:\[([^\]]*)\]|([^:]*)):\d{1,5}$/.exec(node)
  return port !== null && readAddress(port[1] ?? port[2] ?? '') !== null
}

const isToken = (text: string): boolean => /^[!#$%&'*+\-.^_`|~\w]+$/.test(text)

const splitList = (list: string): readonly string[] =>
  list === '' ? [] : list.split(',').map((entry) => entry.trim())

export const joinList = (before: string, value: string): string =>
  before === '' ? value : `${before}, ${value}`
