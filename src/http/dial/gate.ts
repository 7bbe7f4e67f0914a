/**
 * Checks of a destination around a dial: the target, each address its name resolves to, and the connected
 * peer.
 */
import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction, Socket } from 'node:net'
import type { BifrostError } from '../../errors.ts'

export interface Gate {
  /** The requested target, before name resolution. Null if it is acceptable. */
  refuseTarget(host: string, port: number): BifrostError | null
  /** One address of the host, or the host itself if it is an address. */
  refuseAddress(host: string, port: number, address: string): BifrostError | null
  /** Both ends of an established connection. */
  refusePeer(host: string, port: number, remote: string, local: string): BifrostError | null
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
      let refusal: BifrostError | null = null
      const kept: LookupAddress[] = []
      for (const one of found as unknown as readonly LookupAddress[]) {
        const refused = gate.refuseAddress(host, port, one.address)
        if (refused === null) kept.push(one)
        else refusal ??= refused
      }
      const [first] = kept
      if (first === undefined) done(refusal, options.all === true ? [] : '')
      else if (options.all === true) done(null, kept)
      else done(null, first.address, first.family)
    })
  }
}

/** Checks a connected socket. */
export function refusePeer(gate: Gate, host: string, port: number, socket: Socket): BifrostError | null {
  const { remoteAddress, localAddress } = socket
  // A connection that was already reset has no addresses, and carries no data.
  if (remoteAddress === undefined || localAddress === undefined) return null
  return gate.refusePeer(host, port, remoteAddress, localAddress)
}
