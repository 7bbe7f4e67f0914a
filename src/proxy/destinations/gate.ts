/** Connects a service's destination rules to the gate that dialling asks. */
import type { LookupFunction } from 'node:net'
import { BifrostError } from '../../errors.ts'
import type { Gate } from '../../http/dial/gate.ts'
import type { DestinationRefusal, Destinations } from './destinations.ts'

/** The gate for a forward proxy's connections; with `isConnect` it also checks the port. */
export function createGate(
  destinations: Destinations,
  isConnect: boolean,
  lookup: LookupFunction | undefined,
): Gate {
  return {
    lookup,
    refuseTarget: (host, port) => errorOf(destinations.refuseTarget(host, port, isConnect)),
    refuseAddress: (host, port, address) => errorOf(destinations.refuseAddress(host, port, address)),
    refusePeer: (host, port, ends) =>
      errorOf(
        destinations.refuseAddress(host, port, ends.remoteAddress ?? '') ??
          destinations.refuseOwn(host, port, ends),
      ),
  }
}

/** The message is for operators; the client only receives the text of the error table. */
function errorOf(refused: DestinationRefusal | null): BifrostError | null {
  if (refused === null) return null
  const { code, text, setting } = refused
  return new BifrostError(code, `${text} (workers.forward_proxy.${setting})`)
}
