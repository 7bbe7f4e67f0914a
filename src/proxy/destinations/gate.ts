import type { LookupFunction } from 'node:net'
import { BifrostError } from '../../errors.ts'
import type { Gate } from '../../http/dial/gate.ts'
import { settingOf } from '../explain/step.ts'
import type { DestinationRefusal, Destinations } from './destinations.ts'

/** What a forward proxy's connections are judged by; `isConnect` for those of CONNECT, whose ports are bounded too. */
export function createGate(
  destinations: Destinations,
  isConnect: boolean,
  lookup: LookupFunction | undefined,
): Gate {
  return {
    lookup,
    refuseTarget: (host, port) => errorOf(destinations.refuseTarget(host, port, isConnect)),
    refuseAddress: (host, port, address) => errorOf(destinations.refuseAddress(host, port, address)),
    refusePeer: (host, port, remote, local) =>
      errorOf(
        destinations.refuseAddress(host, port, remote) ??
          (remote === local ? destinations.refuseOwn(host, port, remote) : null),
      ),
  }
}

/** For operators: the client is told the row of the table only. */
function errorOf(refused: DestinationRefusal | null): BifrostError | null {
  if (refused === null) return null
  const { code, text, setting } = refused
  return new BifrostError(code, `${text} (${settingOf('forward', setting)})`)
}
