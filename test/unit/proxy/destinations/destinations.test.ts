import { describe, expect, test, vi } from 'vitest'
import { destinationSettings } from '../../../../src/config/resolve/destinations.ts'
import { parseAuthority } from '../../../../src/http/address/authority.ts'
import { Destinations } from '../../../../src/proxy/destinations/destinations.ts'
import { OwnListeners } from '../../../../src/proxy/destinations/own-listeners.ts'
import { forbiddenSpellings } from '../../../kit/attacks/forbidden-addresses.ts'

/** Pure: no test here dials or resolves anything. */

interface Given {
  readonly allow?: string[]
  readonly deny?: string[]
  readonly connect_ports?: (number | string)[]
}

const interfaces = () => ({
  eth0: [
    { address: '10.1.2.3', family: 'IPv4' },
    { address: '198.51.100.7', family: 'IPv4' },
    { address: 'fe80::5', family: 'IPv6' },
    { address: '2600::5', family: 'IPv6' },
  ] as never,
})

const ownPorts = [9900, 3128]

function policy({ allow = [], deny = [], connect_ports = [443, 8443] }: Given = {}): Destinations {
  return new Destinations(
    destinationSettings({ allow, deny, connect_ports }),
    new OwnListeners(ownPorts, interfaces),
  )
}

const closed = policy()

/** The result for a target as a client writes it: not parsed, refused, or accepted. */
function targeted(authority: string, of: Destinations = closed, isConnect = false): string {
  const parsed = parseAuthority(authority, 80)
  if (parsed === null) return 'BAD_AUTHORITY'
  return of.refuseTarget(parsed.host, parsed.port, isConnect)?.code ?? 'open'
}

/** The result for an address that a resolver returns for a name. */
const resolved = (address: string, of: Destinations = closed, host = 'name.test', port = 80): string =>
  of.refuseAddress(host, port, address)?.code ?? 'open'

const forbidden = 'FORBIDDEN_DESTINATION'

describe('refused by default', () => {
  test.each(forbiddenSpellings)('%s', (spelling) => {
    const target = spelling.includes(':') ? `[${spelling}]` : spelling
    expect(targeted(target)).toBe(forbidden)
    expect(targeted(`${target}:443`, closed, true)).toBe(forbidden)
    expect(resolved(spelling)).toBe(forbidden)
  })

  test('the list has more than sixty different spellings', () => {
    expect(new Set(forbiddenSpellings).size).toBeGreaterThan(60)
    expect(new Set(forbiddenSpellings).size).toBe(forbiddenSpellings.length)
  })

  test.each(['fe80::1%eth0', '::1%lo', '', 'localhost', '127.0.0.1.'])(
    'an invalid answer of a resolver: %j',
    (address) => {
      expect(resolved(address)).toBe(forbidden)
    },
  )
})

/** Forms that some parsers accept as addresses: they never reach this policy. */
test.each([
  '127.1',
  '127.0.1',
  '0177.0.0.1',
  '0x7f.0.0.1',
  '0x7f000001',
  '2130706433',
  '017700000001',
  '127.0.0.01',
  '127.0.0.1.',
  '0.0.0.0.',
  '00.0.0.0',
  '127.0.0.256',
  '0',
  '1.',
  '%31%32%37.0.0.1',
  '127。0。0。1',
  '①27.0.0.1',
  '[::1%25lo]',
  '[::1%lo]',
  '[127.0.0.1]',
  '[::ffff:127.1]',
  '[0:0:0:0:0:0:0:0:1]',
  'user@127.0.0.1',
  '127.0.0.1\\@a.test',
  '127.0.0.1#a.test',
])('the spelling %s is not an authority', (authority) => {
  expect(targeted(authority)).toBe('BAD_AUTHORITY')
})

test.each([
  '8.8.8.8',
  '1.1.1.1',
  '172.15.0.1',
  '172.32.0.1',
  '11.0.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '192.0.1.1',
  '192.167.0.1',
  '192.169.0.1',
  '198.17.0.1',
  '198.20.0.1',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450::1',
  '2001:4860::8888',
  '64:ff9b::8.8.8.8',
  '2002:808:808::1',
  '2001:0:808:808::f7f7:f7f7',
])('%s is public', (address) => {
  expect(resolved(address)).toBe('open')
  expect(targeted(address.includes(':') ? `[${address}]` : address)).toBe('open')
})

describe('the order is deny, allow, defaults', () => {
  const mixed = policy({
    allow: ['10.0.0.0/8', '127.0.0.0/8', '[::1]', 'db.corp.test', '*.apps.corp.test:8443'],
    deny: ['10.9.0.0/16', '203.0.113.9', '8.8.8.0/24:53', 'bad.test', '*.worse.test:80'],
  })

  test.each<[string, string, number, string]>([
    // Networks.
    ['10.1.1.1', '10.1.1.1', 80, 'open'],
    ['10.9.1.1', '10.9.1.1', 80, forbidden],
    ['127.0.0.1', '127.0.0.1', 80, 'open'],
    ['::1', '::1', 80, 'open'],
    ['192.168.1.1', '192.168.1.1', 80, forbidden],
    ['8.8.8.8', '8.8.8.8', 80, 'open'],
    ['8.8.8.8', '8.8.8.8', 53, forbidden],
    // Mapped and embedded forms of allowed and denied addresses.
    ['mapped.test', '::ffff:10.1.1.1', 80, 'open'],
    ['mapped.test', '::ffff:10.9.1.1', 80, forbidden],
    ['nat64.test', '64:ff9b::10.1.1.1', 80, 'open'],
    ['nat64.test', '64:ff9b::10.9.1.1', 80, forbidden],
    ['nat64.test', '64:ff9b::8.8.8.8', 53, forbidden],
    ['6to4.test', '2002:a09:101::', 80, forbidden],
    // A host pattern allows private networks, and no other class.
    ['db.corp.test', '192.168.1.1', 80, 'open'],
    ['db.corp.test', 'fd00::1', 80, 'open'],
    ['db.corp.test.', '192.168.1.1', 80, 'open'],
    ['db.corp.test', '100.64.0.1', 80, 'open'],
    ['db.corp.test', '10.9.1.1', 80, forbidden],
    ['db.corp.test', '127.9.9.9', 80, 'open'],
    ['db.corp.test', '169.254.169.254', 80, forbidden],
    ['db.corp.test', 'fd00:ec2::254', 80, forbidden],
    ['db.corp.test', 'fe80::1', 80, forbidden],
    ['db.corp.test', '0.0.0.0', 80, forbidden],
    ['db.corp.test', '224.0.0.1', 80, forbidden],
    ['db.corp.test', '203.0.113.1', 80, forbidden],
    ['x.db.corp.test', '192.168.1.1', 80, forbidden],
    ['notdb.corp.test', '192.168.1.1', 80, forbidden],
    ['a.apps.corp.test', '192.168.1.1', 8443, 'open'],
    ['a.b.apps.corp.test', '192.168.1.1', 8443, 'open'],
    ['a.apps.corp.test', '192.168.1.1', 443, forbidden],
    ['apps.corp.test', '192.168.1.1', 8443, forbidden],
    ['evilapps.corp.test', '192.168.1.1', 8443, forbidden],
  ])('%s at %s, port %i: %s', (host, address, port, outcome) => {
    expect(resolved(address, mixed, host, port)).toBe(outcome)
  })

  test.each([
    ['bad.test', forbidden],
    ['BAD.test', forbidden],
    ['bad.test.', forbidden],
    ['bad.test:8080', forbidden],
    ['sub.bad.test', 'open'],
    ['a.worse.test', forbidden],
    ['a.worse.test:81', 'open'],
    ['worse.test', 'open'],
  ])('%s by name, before resolution: %s', (authority, outcome) => {
    expect(targeted(authority, mixed)).toBe(outcome)
  })

  test('allowing a NAT64 prefix does not allow the IPv4 addresses inside', () => {
    const nat64 = policy({ allow: ['64:ff9b:1::/48', '64:ff9b::/96'] })
    expect(resolved('64:ff9b:1::808:808', nat64)).toBe('open')
    expect(resolved('64:ff9b:1:808:8:800::', nat64)).toBe('open')
    expect(resolved('64:ff9b:1::127.0.0.1', nat64)).toBe(forbidden)
    expect(resolved('64:ff9b::169.254.169.254', nat64)).toBe(forbidden)
  })
})

describe('the listeners of this daemon', () => {
  const wide = policy({ allow: ['0.0.0.0/0', '::/0', 'self.test', 'self.test:9900'] })
  const own = [
    '127.0.0.1',
    '127.3.2.1',
    '0.0.0.0',
    '::',
    '::1',
    '10.1.2.3',
    '198.51.100.7',
    'fe80::5',
    '2600::5',
  ]

  test.each(own)('are refused on %s, even in an allowed network', (address) => {
    for (const port of ownPorts) expect(resolved(address, wide, 'self.test', port)).toBe(forbidden)
    expect(resolved(address, wide, 'self.test', 80)).toBe('open')
    expect(resolved(`::ffff:${address}`, wide, 'self.test', 9900)).toBe(forbidden)
  })

  test('are allowed only by a network with the port', () => {
    const opened = policy({ allow: ['127.0.0.1:9900', '[::1]:9900', '10.0.0.0/8:3128'] })
    expect(resolved('127.0.0.1', opened, 'x.test', 9900)).toBe('open')
    expect(resolved('::1', opened, 'x.test', 9900)).toBe('open')
    expect(resolved('127.0.0.2', opened, 'x.test', 9900)).toBe(forbidden)
    expect(resolved('127.0.0.1', opened, 'x.test', 3128)).toBe(forbidden)
    expect(resolved('10.1.2.3', opened, 'x.test', 3128)).toBe('open')
  })

  test('do not include another machine on the same port', () => {
    expect(resolved('8.8.8.8', wide, 'x.test', 9900)).toBe('open')
  })

  test('are recognised by a connection with the same address at both ends', () => {
    const itself = { remoteAddress: '203.0.113.5', localAddress: '203.0.113.5' }
    const other = { remoteAddress: '203.0.113.5', localAddress: '203.0.113.6' }
    expect(wide.refuseOwn('x.test', 9900, itself)?.code).toBe(forbidden)
    expect(wide.refuseOwn('x.test', 9900, other)).toBeNull()
    expect(wide.refuseOwn('x.test', 80, itself)).toBeNull()
    const opened = policy({ allow: ['203.0.113.5:9900'] })
    expect(opened.refuseOwn('x.test', 9900, itself)).toBeNull()
  })

  test('read the interfaces only for their ports, and at most once a second', () => {
    const read = vi.fn(interfaces)
    const listeners = new OwnListeners([9900], read)
    for (let n = 0; n < 100; n += 1) listeners.has(0x0a_01_02_03, 80)
    expect(read).toHaveBeenCalledTimes(0)
    expect(listeners.has(0x0a_01_02_03, 9900)).toBe(true)
    expect(listeners.has(0x0a_01_02_04, 9900)).toBe(false)
    expect(read).toHaveBeenCalledTimes(1)
  })
})

describe('the ports of CONNECT', () => {
  test.each([
    [443, 'open'],
    [8443, 'open'],
    [80, 'FORBIDDEN_PORT'],
    [22, 'FORBIDDEN_PORT'],
    [25, 'FORBIDDEN_PORT'],
    [65_535, 'FORBIDDEN_PORT'],
  ])('%i by default: %s', (port, outcome) => {
    expect(targeted(`a.test:${port}`, closed, true)).toBe(outcome)
    expect(targeted(`a.test:${port}`, closed, false)).toBe('open')
  })

  test('a list replaces the default, may have ranges, and is not widened by allow', () => {
    const some = policy({ allow: ['8.8.8.8:53'], connect_ports: [22, '8000-8999'] })
    const ports = [22, 53, 443, 7999, 8000, 8999, 9000]
    const open = ports.filter((port) => targeted(`8.8.8.8:${port}`, some, true) === 'open')
    expect(open).toEqual([22, 8000, 8999])
    expect(targeted('a.test:443', policy({ connect_ports: [] }), true)).toBe('FORBIDDEN_PORT')
  })
})

test('a refusal names the kind of address and the deciding key', () => {
  expect(closed.refuseAddress('a.test', 80, '::ffff:127.0.0.1')).toEqual({
    code: forbidden,
    text: 'a.test resolves to ::ffff:127.0.0.1, which is a loopback address',
    setting: 'destinations.allow',
  })
  expect(closed.refuseTarget('127.0.0.1', 9900, false)?.text).toBe(
    '127.0.0.1 is a listener of this daemon; only an allowed network with this port opens it',
  )
  expect(policy({ deny: ['a.test', 'b.test:80'] }).refuseTarget('b.test', 80, false)).toEqual({
    code: forbidden,
    text: 'b.test is denied by b.test:80',
    setting: 'destinations.deny[1]',
  })
  expect(closed.refuseTarget('a.test', 25, true)).toEqual({
    code: 'FORBIDDEN_PORT',
    text: 'CONNECT to port 25 is not allowed',
    setting: 'destinations.connect_ports',
  })
})
