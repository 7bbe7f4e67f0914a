/**
 * Writes `Forwarded` (RFC 7239) and `X-Forwarded-*`, which tell upstreams where a request comes from. Pure.
 *
 * One of the two is believed, and only from a trusted peer. The other is derived from it, so that both
 * describe the same hops. The lists of hops grow by one element. Protocol and host are single values, as the
 * client used them: applications compare them with an expected value and do not parse lists.
 */
import { isTokenText, type ReadHop } from './forwarded-fields.ts'
import type { BelievedField, Provenance } from './provenance.ts'

/** One hop of `Forwarded`; a missing name or value is ''. */
export interface ForwardedHop {
  /** An address, optionally with a port (IPv6 then in brackets), `unknown`, or `_` and an obfuscated name. */
  readonly for: string
  readonly proto: string
  readonly host: string
}

/** Which of the fields are sent upstream. */
export interface Forwarding {
  readonly xForwarded: boolean
  readonly forwarded: boolean
  /** The field that a trusted proxy is believed for. */
  readonly believes: BelievedField
}

/** Adds the fields to `out`: the hops reported by a trusted peer (null for any other peer), then this hop. */
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
    ? // X-Forwarded-Proto and -Host describe the client's element only.
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

/** The node without its port. */
function plainNode({ address, node }: ReadHop): string {
  return address ?? node
}

/**
 * Formats one element of `Forwarded`. Values that are not tokens are quoted, and so are IPv6 addresses, which
 * have brackets here (RFC 7239 4, 6).
 */
export function formatHop({ for: node, proto, host }: ForwardedHop): string {
  const name = readsAsIpv6(node) ? `"[${node}]"` : node.includes(':') ? `"${node}"` : node
  const rest = proto === '' ? '' : `;proto=${proto}`
  return `for=${name === '' ? 'unknown' : name}${host === '' ? '' : `;host=${quoted(host)}`}${rest}`
}

const readsAsIpv6 = (node: string): boolean =>
  node.charCodeAt(0) !== 0x5b && node.indexOf(':') !== node.lastIndexOf(':')

/** Cache of one host, because most requests name the same one. */
let lastHost = ''
let lastQuoted = ''

function quoted(host: string): string {
  if (host === lastHost) return lastQuoted
  lastQuoted = isTokenText(host) ? host : `"${host.replace(/["\\]/g, '\\$&')}"`
  lastHost = host
  return lastQuoted
}
