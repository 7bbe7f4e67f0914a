import { BlockList } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NetworkSet, readIpAddress, readNetwork } from '../../../../src/http/address/address.ts'

test.each([
  ['0.0.0.0', 0],
  ['192.0.2.1', 0xc0000201],
  ['::ffff:192.0.2.1', 0xc0000201],
  ['::FFFF:c000:0201', 0xc0000201],
  ['::', '\0\0\0\0\0\0\0\0'],
  ['2001:db8::1', '\u2001\u0db8\0\0\0\0\0\u0001'],
  ['fe80::1%eth0', '\ufe80\0\0\0\0\0\0\u0001'],
  ['1:2:3:4:5:6:7.8.9.10', '\u0001\u0002\u0003\u0004\u0005\u0006\u0708\u090a'],
])('%s is read', (text, bits) => {
  expect(readIpAddress(text)).toBe(bits)
})

test.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '01.2.3.4',
  '1..2.3',
  '1.2.3.4 ',
  'a',
  ':::',
  '1::2::3',
  '[::1]',
])('%j is not an address', (text) => {
  expect(readIpAddress(text)).toBeNull()
})

test.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0.0/08', '::/129', '::ffff:10.0.0.0/95', 'x/8', '1.2.3.4/8/8'])(
  '%j is not a network',
  (text) => {
    expect(readNetwork(text)).toBeNull()
    expect(() => new NetworkSet([text])).toThrow(TypeError)
  },
)

test('a network in its mapped form is the IPv4 network', () => {
  expect(readNetwork('::ffff:10.0.0.0/104')).toEqual(readNetwork('10.0.0.0/8'))
})

test('an empty set contains nothing, and all of IPv4 is not all of IPv6', () => {
  expect(new NetworkSet([]).has(0)).toBe(false)
  const all = new NetworkSet(['0.0.0.0/0'])
  expect([all.has(0), all.has(0xffffffff), all.has('\0'.repeat(8))]).toEqual([true, true, false])
})

// Few distinct values, so that networks nest, touch and repeat.
const ipv4 = fc
  .tuple(...[1, 2, 3, 4].map(() => fc.constantFrom(0, 1, 127, 128, 255)))
  .map((parts) => parts.join('.'))
const ipv6 = fc
  .tuple(...Array.from({ length: 8 }, () => fc.constantFrom('0', '1', '7fff', '8000', 'ffff')))
  .map((groups) => groups.join(':'))
  // A mapped address counts as IPv4 here, and as IPv6 for BlockList.
  .filter((address) => !address.startsWith('0:0:0:0:0:ffff:'))

test.each([
  ['ipv4', ipv4, 32],
  ['ipv6', ipv6, 128],
] as const)(
  'any %s set contains the same addresses as a BlockList of its networks',
  (family, address, most) => {
    const network = fc.tuple(address, fc.integer({ min: 0, max: most }))
    fc.assert(
      fc.property(fc.array(network, { maxLength: 12 }), address, (networks, asked) => {
        const list = new BlockList()
        for (const [base, length] of networks) list.addSubnet(base, length, family)
        const set = new NetworkSet(networks.map(([base, length]) => `${base}/${length}`))
        expect(set.has(readIpAddress(asked) as number | string)).toBe(list.check(asked, family))
      }),
      { numRuns: 2000 },
    )
  },
)
