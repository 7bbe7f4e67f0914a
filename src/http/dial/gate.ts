/**
 * Checks of a destination around a dial: the target, each address its name resolves to, and the connected
 * peer.
 */
import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { BifrostError } from '../../errors.ts'

/** A connected socket or transport. */
export interface ConnectedEnds {
  readonly remoteAddress?: string | undefined
  readonly localAddress?: string | undefined
}

export interface Gate {
  /** The requested target, before name resolution. Null if it is acceptable. */
  refuseTarget(host: string, port: number): BifrostError | null
  /** One address of the host, or the host itself if it is an address. */
  refuseAddress(host: string, port: number, address: string): BifrostError | null
  /** Both ends of an established connection. Reading the local address is a system call. */
  refusePeer(host: string, port: number, ends: ConnectedEnds): BifrostError | null
  /** Resolves names; default: the system's resolver. */
  readonly lookup?: LookupFunction | undefined
}

/**
 * A `lookup` for net.connect that drops refused addresses and fails with the first refusal if none is left.
 * The socket dials exactly these addresses, so a DNS answer that changes in between has no effect.
 */
export function guardedLookup(gate: Gate, port: number): LookupFunction {
  const lookup = gate.lookup ?? (systemLookup as LookupFunction)
  return (host, options, done) => {
    const all: LookupOptions = { ...options, all: true }
    lookup(host, all as Parameters<LookupFunction>[1], (error, found) => {
      if (error !== null) {
        done(error, options.all === true ? [] : '')
        return
      }
      const kept = acceptedBy(gate, host, port, found as unknown as readonly LookupAddress[])
      if (kept instanceof BifrostError) {
        done(kept, options.all === true ? [] : '')
        return
      }
      const [first] = kept
      if (options.all === true || first === undefined) done(null, kept as LookupAddress[])
      else done(null, first.address, first.family)
    })
  }
}

/** Drops refused addresses; the first refusal if none is left. */
export function acceptedBy(
  gate: Gate,
  host: string,
  port: number,
  found: readonly LookupAddress[],
): readonly LookupAddress[] | BifrostError {
  let refusal: BifrostError | null = null
  const kept: LookupAddress[] = []
  for (const one of found) {
    const refused = gate.refuseAddress(host, port, one.address)
    if (refused === null) kept.push(one)
    else refusal ??= refused
  }
  return kept.length === 0 && refusal !== null ? refusal : kept
}

/** Checks an established connection. */
export function refusePeer(gate: Gate, host: string, port: number, ends: ConnectedEnds): BifrostError | null {
  // A connection that was already reset has no addresses, and carries no data.
  return ends.remoteAddress ? gate.refusePeer(host, port, ends) : null
}
