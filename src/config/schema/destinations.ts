/** The block `destinations`: where a forward proxy may connect. */
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
      'Exceptions to the default refusals. A network opens all its addresses. A host pattern opens private networks only, for matching names. Listeners of this daemon need a network with their port.',
    ),
    deny: entries(
      'Destinations to refuse; takes precedence over allow. Host patterns match the name in the request, before the look-up; networks match each address that would be dialled.',
    ),
    connect_ports: z
      .array(port)
      .max(1_000)
      .meta({
        description:
          'Ports that CONNECT may use; replaces the default list. Ports in allow do not extend it.',
        expects: `a list of at most 1000 ports or ranges, such as [443, "1024-65535"]`,
      })
      .default([443, 8443]),
  })
  .meta({
    description:
      'Destinations of clients: deny, then allow, then the defaults. The defaults refuse, with 403, listeners of this daemon and loopback, link-local, metadata, unspecified, multicast, broadcast, reserved and private addresses.',
  })
  .prefault({})
