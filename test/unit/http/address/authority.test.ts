import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalAddress } from '../../../../src/http/address/address.ts'
import { formatAuthority, parseAuthority, withoutEmptyPort } from '../../../../src/http/address/authority.ts'

test.each([
  ['example.test:80', { host: 'example.test', port: 80 }],
  ['EXAMPLE.test.:65535', { host: 'example.test.', port: 65_535 }],
  ['127.0.0.1:1', { host: '127.0.0.1', port: 1 }],
  ['[::1]:443', { host: '::1', port: 443 }],
  ['[2001:DB8::A]:8080', { host: '2001:db8::a', port: 8080 }],
  ['[2001:DB8:0:0::000A]:8080', { host: '2001:db8::a', port: 8080 }],
  ['[::FFFF:7f00:1]:80', { host: '127.0.0.1', port: 80 }],
  ['my_host-1:8080', { host: 'my_host-1', port: 8080 }],
  ['a!b:80', { host: 'a!b', port: 80 }],
  ["$&'()*+;=~.test:80", { host: "$&'()*+;=~.test", port: 80 }],
  ['1.2.3.4!:80', { host: '1.2.3.4!', port: 80 }],
])('%s is read', (text, authority) => {
  expect(parseAuthority(text)).toEqual(authority)
})

test.each(['example.test', '[::1]', '127.0.0.1', 'example.test:', '[::1]:', '127.0.0.1:', 'a!b:'])(
  '%s needs a default port',
  (text) => {
    expect(parseAuthority(text)).toBeNull()
    expect(parseAuthority(text, 443)).toMatchObject({ port: 443 })
  },
)

test.each([
  '',
  ':80',
  ':',
  'a::',
  'a,b:80',
  '[::1]::',
  '[::1],:80',
  'a:0',
  'a:65536',
  'a:+80',
  'a:8o',
  'a: 80',
  'a:80:80',
  'user@a:80',
  'u:p@a:80',
  'a/b:80',
  'a:80/',
  'a b:80',
  ' a:80',
  'a\t:80',
  'a..b:80',
  '.a:80',
  'a%2eb:80',
  'ä:80',
  '::1:80',
  '[::1:80',
  '[::1]80',
  '[]:80',
  '[127.0.0.1]:80',
  '[::1%eth0]:80',
  '[[::1]]:80',
  '127.1:80',
  '0x7f.0.0.1:80',
  '2130706433:80',
  '1.2.3.256:80',
  'a.1:80',
  `${'x'.repeat(64)}.test:80`,
  `${'x.'.repeat(127)}test:80`,
])('%j is refused', (text) => {
  expect(parseAuthority(text, 80)).toBeNull()
})

describe('for any input', () => {
  test('a parsed authority can be written and read again', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6()),
        fc.integer({ min: 1, max: 65_535 }),
        (host, port) => {
          const text = formatAuthority({ host, port })
          const read = parseAuthority(text)
          expect(read).toEqual({ host: canonicalAddress(host) ?? host.toLowerCase(), port })
        },
      ),
    )
  })

  test('an accepted authority has a valid host and port, and no foreign character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'ab.:[]@/ %1x-\\#?0!,;='), maxLength: 12 }),
        (text) => {
          const read = parseAuthority(text, 80)
          if (read === null) return
          expect(read.host).toMatch(/^[a-z0-9._:~!;=-]+$/)
          expect(read.port).toBeGreaterThan(0)
          expect(read.port).toBeLessThan(65_536)
          expect(URL.canParse(`http://${formatAuthority(read)}/`)).toBe(true)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

test('the default port is left out on request', () => {
  expect(formatAuthority({ host: '::1', port: 443 }, 443)).toBe('[::1]')
  expect(formatAuthority({ host: 'a', port: 80 }, 443)).toBe('a:80')
})

test.each([
  ['a:', 'a'],
  ['[::1]:', '[::1]'],
  ['A.test:80', 'A.test:80'],
  ['', ''],
])('%j without an empty port is %j', (text, left) => {
  expect(withoutEmptyPort(text)).toBe(left)
})
