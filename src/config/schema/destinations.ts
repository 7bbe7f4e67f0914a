/** The part of the schema that says where a forward proxy may connect to. */
import { z } from 'zod'
import { destinationForm, parseDestination, parsePortRange, portRangeForm } from '../address/destination.ts'
import { checkedText, integer } from './fields.ts'

const entries = (description: string) =>
  z
    .array(
      checkedText(
        destinationForm,
        'A host pattern or a network, with or without a port.',
        (value) => parseDestination(value).fault,
      ),
    )
    .max(10_000)
    .meta({ description, expects: `a list of at most 10000 entries, each ${destinationForm}` })
    .default([])

const port = z
  .union([
    integer(1, 65_535, { description: 'One port.' }),
    checkedText(portRangeForm, 'A range of ports.', (value) =>
      parsePortRange(value) === null ? `must be ${portRangeForm}` : undefined,
    ),
  ])
  .meta({ expects: `a port from 1 to 65535, or ${portRangeForm}` })

export const destinations = z
  .strictObject({
    allow: entries(
      'What is opened of that which is refused by default. A network opens every address in it; a host pattern opens private networks only, for the names that match. Only a network with a port opens listeners of this daemon.',
    ),
    deny: entries(
      'What is refused, also when allow has it. A host pattern is compared with the name that the client wrote, before it is looked up; a network with each address that would be dialled.',
    ),
    connect_ports: z
      .array(port)
      .max(1_000)
      .meta({
        description:
          'Ports that CONNECT may name; the list replaces the default. A port of an entry in allow does not add to it.',
        expects: `a list of at most 1000 ports or ranges, such as [443, "1024-65535"]`,
      })
      .default([443, 8443]),
  })
  .meta({
    description:
      'Where clients may connect to: deny, then allow, then the defaults. By default the listeners of this daemon, loopback, link-local, metadata, unspecified, multicast, broadcast, reserved and private addresses are refused with 403.',
  })
  .prefault({})
