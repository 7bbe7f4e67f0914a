/** The addresses of a name: their look-up, with the gate's checks, and the order of the attempts. */
import { ADDRCONFIG, type LookupAddress, lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { BifrostError } from '../../errors.ts'
import { acceptedBy, type Gate } from './gate.ts'

type FoundAll = (error: Error | null, found: readonly LookupAddress[]) => void

/**
 * Resolves a name to at least one address that the gate accepts. `done` may run within the call, as a resolver of
 * the gate may answer at once.
 */
export function resolve(
  host: string,
  port: number,
  gate: Gate | null,
  done: (error: Error | null, addresses: readonly string[]) => void,
): void {
  const lookup = gate?.lookup ?? (systemLookup as LookupFunction)
  const found: FoundAll = (error, all) => {
    if (error !== null) done(error, [])
    else if (all.length === 0) done(new BifrostError('UPSTREAM_UNRESOLVED', `${host} has no address`), [])
    else {
      const accepted = gate === null ? all : acceptedBy(gate, host, port, all)
      if (accepted instanceof BifrostError) done(accepted, [])
      else done(null, interleaved(accepted))
    }
  }
  // The hint, as net.connect sets it, leaves out a family that this machine has no address of.
  lookup(host, { all: true, hints: ADDRCONFIG }, found as Parameters<LookupFunction>[2])
}

/** In the order of the resolver, but with the families in turn (RFC 8305 4). */
export function interleaved(addresses: readonly LookupAddress[]): readonly string[] {
  const firstFamily = addresses[0]?.family
  const firsts = addresses.filter(({ family }) => family === firstFamily)
  const others = addresses.filter(({ family }) => family !== firstFamily)
  const order: string[] = []
  for (let at = 0; at < Math.max(firsts.length, others.length); at += 1) {
    for (const one of [firsts[at], others[at]]) if (one !== undefined) order.push(one.address)
  }
  return order
}
