/** Settings for where a forward proxy may connect. */
import { parseDestination, parsePortRange } from '../address/destination.ts'
import type { Config } from '../schema/schema.ts'
import type { DestinationEntry, DestinationSettings, PortRange } from '../settings/destinations.ts'

type Block = NonNullable<Config['workers']['forward_proxy']>['destinations']

export function destinationSettings({ allow, deny, connect_ports: ports }: Block): DestinationSettings {
  return { allow: allow.map(entryOf), deny: deny.map(entryOf), connectPorts: ports.map(rangeOf) }
}

function entryOf(text: string): DestinationEntry {
  const { entry, fault } = parseDestination(text)
  if (entry === undefined) throw new TypeError(`unchecked destination ${text}: ${fault}`)
  return entry
}

function rangeOf(port: number | string): PortRange {
  const range = typeof port === 'number' ? { first: port, last: port } : parsePortRange(port)
  if (range === null) throw new TypeError(`unchecked range of ports ${port}`)
  return range
}
