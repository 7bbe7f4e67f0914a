/** Classifies a destination address (IANA special-purpose registries, RFC 6890). Pure. */
import { type AddressBits, NetworkSet } from '../../http/address/address.ts'

export type AddressClass =
  | 'unspecified'
  | 'loopback'
  | 'link-local'
  | 'metadata'
  | 'multicast'
  | 'broadcast'
  | 'private'
  | 'reserved'
  | 'public'

/** The first match counts. */
const networks: readonly (readonly [AddressClass, readonly string[]])[] = [
  // Linux dials loopback for the unspecified address; 0.0.0.0/8 is "this network".
  ['unspecified', ['0.0.0.0/8', '::']],
  ['loopback', ['127.0.0.0/8', '::1']],
  // Instance metadata outside 169.254.0.0/16: EC2, ECS, Google, Scaleway, Azure, Alibaba, Oracle.
  [
    'metadata',
    [
      'fd00:ec2::254',
      'fd00:ec2::23',
      'fd20:ce::254',
      'fd00:42::42',
      '168.63.129.16',
      '100.100.100.200',
      '192.0.0.192',
    ],
  ],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  ['broadcast', ['255.255.255.255']],
  ['multicast', ['224.0.0.0/4', 'ff00::/8']],
  [
    'private',
    [
      '10.0.0.0/8',
      '172.16.0.0/12',
      '192.168.0.0/16',
      // Carrier-grade NAT, protocol assignments and benchmarks: reachable only inside some networks.
      '100.64.0.0/10',
      '192.0.0.0/24',
      '198.18.0.0/15',
      'fc00::/7',
      // Site-local: deprecated, but still in use.
      'fec0::/10',
      // NAT64 with a local-use prefix (RFC 8215).
      '64:ff9b:1::/48',
      '2001:2::/48',
    ],
  ],
  // NAT64 (RFC 6052) must precede the rest of the space outside 2000::/3: its IPv4 address decides.
  ['public', ['64:ff9b::/96']],
  [
    'reserved',
    [
      '192.0.2.0/24',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '192.88.99.0/24',
      '240.0.0.0/4',
      '2001:10::/28',
      '2001:20::/28',
      '2001:db8::/32',
      '3fff::/20',
      // Everything that is not global unicast (2000::/3).
      '::/3',
      '4000::/2',
      '8000::/1',
    ],
  ],
]

const classes = networks.map(([name, texts]) => ({ name, set: new NetworkSet(texts) }))

export const classOf = (bits: AddressBits): AddressClass =>
  classes.find(({ set }) => set.has(bits))?.name ?? 'public'
