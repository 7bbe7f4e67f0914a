/** Connections that are judged before they are dialled: the target, each address that its name has, and the peer that was reached. */
import type { LookupAddress, LookupOptions } from 'node:dns'
import { lookup as systemLookup } from 'node:dns'
import type { LookupFunction, Socket } from 'node:net'
import type { BifrostError } from '../../errors.ts'

export interface Gate {
  /** What was asked for, before a look-up. Null: go on. */
  refuseTarget(host: string, port: number): BifrostError | null
  /** One address of the host, or the host where it is one. */
  refuseAddress(host: string, port: number, address: string): BifrostError | null
  /** The two ends of a connection that was opened. */
  refusePeer(host: string, port: number, remote: string, local: string): BifrostError | null
  /** Finds the addresses of a name; the system's resolver when left out. */
  readonly lookup?: LookupFunction | undefined
}

/**
 * A `lookup` for net.connect that leaves out every address that is refused, and fails with the first refusal when none is left. The
 * addresses that it gives are those that are dialled, so a name that changes in between changes nothing.
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

/** Judges a socket once it is connected. */
export function refusePeer(gate: Gate, host: string, port: number, socket: Socket): BifrostError | null {
  const { remoteAddress, localAddress } = socket
  // A connection that was reset already has no ends, and carries nothing.
  if (remoteAddress === undefined || localAddress === undefined) return null
  return gate.refusePeer(host, port, remoteAddress, localAddress)
}
