/**
 * What upstreams are told of where a request comes from: `Forwarded` (RFC 7239) and `X-Forwarded-*`. Pure.
 *
 * One of the two is believed, and only of a trusted peer; the other is made from it, so that whoever reads either reads the same. The
 * lists of hops grow by one element. Protocol and host are one value each, those that the client used: applications compare them with
 * what they expect, and no application reads a list.
 */
import { isToken, type ReadHop } from './forwarded-fields.ts'
import type { BelievedField, Provenance } from './provenance.ts'

/** One hop of `Forwarded`; a name or value that was not given is ''. */
export interface ForwardedHop {
  /** An address, with port where one was given (IPv6 in brackets then), `unknown`, or `_` and a made-up name. */
  readonly for: string
  readonly proto: string
  readonly host: string
}

/** What is said about where requests come from. */
export interface Forwarding {
  readonly xForwarded: boolean
  readonly forwarded: boolean
  /** Which of the two a trusted proxy is believed. */
  readonly believes: BelievedField
}

/** Adds the fields to `out`: what a trusted peer said (null: any other peer) and this hop after it. */
export function addForwarding(
  out: string[],
  hop: ForwardedHop,
  came: Provenance | null,
  forwarding: Forwarding,
): void {
  const { xForwarded, forwarded, believes } = forwarding
  if (came === null) {
    if (xForwarded) addXForwarded(out, hop.for, hop.proto, hop.host)
    if (forwarded) out.push('Forwarded', formatHop(hop))
    return
  }
  const { hops, clientAt } = came
  const proto = came.proto || hop.proto
  const host = came.host || hop.host
  const isXForwarded = believes === 'x_forwarded'
  if (xForwarded) {
    const nodes = hops.map((one) => (isXForwarded ? one.text : plainNode(one)))
    addXForwarded(out, [...nodes, hop.for].join(', '), proto, host)
  }
  if (!forwarded) return
  const elements = isXForwarded
    ? // The client's element has what X-Forwarded-Proto and -Host say of the client; of the others they say nothing.
      [...hops.map(({ node }) => ({ for: node, proto: '', host: '' })), hop].map((one, at) =>
        formatHop(
          at === clientAt ? { ...one, proto: came.proto || one.proto, host: came.host || one.host } : one,
        ),
      )
    : [...hops.map(({ text }) => text), formatHop(hop)]
  out.push('Forwarded', elements.join(', '))
}

function addXForwarded(out: string[], node: string, proto: string, host: string): void {
  out.push('X-Forwarded-For', node, 'X-Forwarded-Proto', proto)
  if (host !== '') out.push('X-Forwarded-Host', host)
}

/** A node without port. */
function plainNode({ address, node }: ReadHop): string {
  return address ?? node
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
