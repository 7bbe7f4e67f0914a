/**
 * Where a request comes from, by what a trusted peer says: the client, and the protocol and host that the client used. Pure.
 *
 *   X-Forwarded-For    6.6.6.6, 192.0.2.7, 10.0.0.2     peer 10.0.0.1
 *   trusted?             -         no         yes          yes          the client is the first from the right that is not trusted
 *   X-Forwarded-Proto  ...,     https,       http                       its value is the one that stands as far from the right
 */
import { type NetworkSet, readIpAddress } from '../address/address.ts'
import { parseAuthority, withoutEmptyPort } from '../address/authority.ts'
import { type ReadHop, readForwarded, readForwardedFor, readList } from './forwarded-fields.ts'

export type BelievedField = 'x_forwarded' | 'forwarded'

/** The fields that a peer sent, the lines of each joined by commas; undefined for a field that it did not send. */
export interface ForwardedFields {
  readonly forwarded: string | undefined
  readonly forwardedFor: string | undefined
  readonly forwardedProto: string | undefined
  readonly forwardedHost: string | undefined
}

export interface Provenance {
  /** The field that names the client was sent, and nothing in it is valid: the client is not known. */
  readonly isBad: boolean
  /** As far as they could be read, first hop first. */
  readonly hops: readonly ReadHop[]
  /** Where the client stands in `hops`; `hops.length` when the peer itself is the client. */
  readonly clientAt: number
  /** The client's address; where a trusted hop hides the client, the address of that hop. */
  readonly client: string
  /** `http`, `https`, `ws` or `wss`; '' when the peer named no valid one. */
  readonly proto: string
  /** '' when the peer named no valid one. */
  readonly host: string
}

/** `peer` is trusted; of the fields only those that `believes` names count. */
export function readProvenance(
  fields: ForwardedFields,
  believes: BelievedField,
  peer: string,
  trusted: NetworkSet,
): Provenance {
  const naming = believes === 'forwarded' ? fields.forwarded : fields.forwardedFor
  const hops = naming === undefined ? [] : hopsOf(naming, believes)
  const isBad = naming !== undefined && hops.length === 0
  const { client, clientAt } = findClient(hops, peer, trusted)
  if (believes === 'forwarded') {
    const from = hops.slice(clientAt)
    const proto = first(from.map((hop) => protoOf(hop.proto)))
    return { isBad, hops, clientAt, client, proto, host: first(from.map((hop) => hostOf(hop.host))) }
  }
  const fromRight = Math.max(0, hops.length - 1 - clientAt)
  const proto = protoOf(pick(fields.forwardedProto, fromRight))
  return { isBad, hops, clientAt, client, proto, host: hostOf(pick(fields.forwardedHost, fromRight)) }
}

const hopsOf = (field: string, believes: BelievedField): readonly ReadHop[] =>
  believes === 'forwarded' ? readForwarded(field) : readForwardedFor(field)

/**
 * From the peer on, each trusted hop is believed the one before it. The search ends at the first address that is not trusted, and at a
 * hop that is hidden.
 */
function findClient(hops: readonly ReadHop[], peer: string, trusted: NetworkSet) {
  let client = peer
  let clientAt = hops.length
  while (clientAt > 0) {
    clientAt -= 1
    const address = hops[clientAt]?.address ?? null
    if (address === null) break
    client = address
    if (!trusted.has(readIpAddress(address))) break
  }
  return { client, clientAt }
}

/**
 * The value of a list at a position from the right. A shorter list has no value there: not every proxy appends one. Its leftmost value
 * is then the one of the earliest proxy, and trusted, because no more values came than there are trusted hops.
 */
function pick(field: string | undefined, fromRight: number): string {
  const values = field === undefined ? [] : readList(field)
  return values[Math.max(0, values.length - 1 - fromRight)] ?? ''
}

const protocols: ReadonlySet<string> = new Set(['http', 'https', 'ws', 'wss'])

function protoOf(value: string): string {
  const lower = value.toLowerCase()
  return protocols.has(lower) ? lower : ''
}

const hostOf = (value: string): string =>
  value !== '' && parseAuthority(value, 80) !== null ? withoutEmptyPort(value) : ''

const first = (values: readonly string[]): string => values.find((value) => value !== '') ?? ''
