/**
 * Finds the client of a request, and the protocol and host it used, from the fields of a trusted peer. Pure.
 *
 *   X-Forwarded-For    6.6.6.6, 192.0.2.7, 10.0.0.2     peer 10.0.0.1
 *   trusted?             -         no         yes          yes      client: the first from the right that is not trusted
 *   X-Forwarded-Proto  ...,     https,       http                   its value: at the same distance from the right
 */
import { type NetworkSet, readIpAddress } from '../address/address.ts'
import { parseAuthority, withoutEmptyPort } from '../address/authority.ts'
import { type ReadHop, readForwarded, readForwardedFor, readList } from './forwarded-fields.ts'

export type BelievedField = 'x_forwarded' | 'forwarded'

/** The fields of a peer, their lines joined by commas; undefined for a missing field. */
export interface ForwardedFields {
  readonly forwarded: string | undefined
  readonly forwardedFor: string | undefined
  readonly forwardedProto: string | undefined
  readonly forwardedHost: string | undefined
}

export interface Provenance {
  /** The field that names the client is present but has no valid element, so the client is unknown. */
  readonly isBad: boolean
  /** The readable hops, first hop first. */
  readonly hops: readonly ReadHop[]
  /** The client's index in `hops`; `hops.length` if the peer itself is the client. */
  readonly clientAt: number
  /** The client's address; if a trusted hop hides the client, that hop's address. */
  readonly client: string
  /** `http`, `https`, `ws` or `wss`; '' if the peer named no valid one. */
  readonly proto: string
  /** '' if the peer named no valid one. */
  readonly host: string
}

/** `peer` must be trusted; only the fields that `believes` selects are used. */
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
 * Walks from the peer to the left: a trusted hop vouches for the one before it. Stops at the first address
 * that is not trusted, and at a hidden hop.
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
 * The list value at a distance from the right. A shorter list has no value there, as not every proxy appends
 * one. Its leftmost value then comes from the earliest proxy and is trusted, because the list is no longer
 * than the chain of trusted hops.
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
