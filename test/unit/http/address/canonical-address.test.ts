import { isIP } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  canonicalAddress,
  formatAddressBits,
  NetworkSet,
  readAddressBytes,
  readIpAddress,
} from '../../../../src/http/address/address.ts'
import { clientOf } from '../../../../src/proxy/guard/client-of.ts'

// Zero groups are frequent, so that runs of every length and place occur.
const group = fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff }))
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 })
const ipv4 = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 })
const mapped = ipv4.map((bytes) => [0, 0, 0, 0, 0, 0xffff, ...pairs(bytes)])

const pairs = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]) => [a * 256 + b, c * 256 + d]
const bytesOf = (groups: readonly number[]) => Uint8Array.from(groups.flatMap((one) => [one >> 8, one & 255]))

/** Draws a spelling of RFC 4291 2.2 and RFC 4007 11: any case, padding, compression, dotted tail and zone. */
function spelling(groups: readonly number[]): fc.Arbitrary<string> {
  const gaps = Array.from({ length: 8 }, (_, from) => from).flatMap((from) =>
    Array.from({ length: 8 - from }, (_, more) => [from, from + more + 1] as const).filter(([start, end]) =>
      groups.slice(start, end).every((one) => one === 0),
    ),
  )
  return fc
    .record({
      gap: fc.constantFrom(null, ...gaps),
      padding: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 8, maxLength: 8 }),
      isUpper: fc.boolean(),
      isDotted: fc.boolean(),
      zone: fc.constantFrom('', '%eth0', '%1'),
    })
    .map(({ gap, padding, isUpper, isDotted, zone }) => {
      const words = groups.map((one, at) => one.toString(16).padStart(padding[at] as number, '0'))
      const [start, end] = gap ?? [8, 8]
      // A dotted tail replaces the last two groups, so neither may be in the gap.
      if (isDotted && (gap === null || end <= 6)) words.splice(6, 2, bytesOf(groups.slice(6)).join('.'))
      const text =
        gap === null ? words.join(':') : `${words.slice(0, start).join(':')}::${words.slice(end).join(':')}`
      return `${isUpper ? text.toUpperCase() : text}${zone}`
    })
}

const spelled = fc
  .oneof(ipv6, mapped)
  .chain((groups) => fc.record({ groups: fc.constant(groups), text: spelling(groups) }))

test('every spelling of an IPv6 address is read to the bits of its bytes', () => {
  fc.assert(
    fc.property(spelled, ({ groups, text }) => {
      expect(isIP(text)).toBe(6)
      expect(readIpAddress(text)).toBe(readAddressBytes(bytesOf(groups)))
    }),
    { numRuns: 3000 },
  )
})

test('all spellings of one address have one canonical text, which reads back to the same bits', () => {
  fc.assert(
    fc.property(spelled, ({ groups, text }) => {
      const canonical = canonicalAddress(text) as string
      expect(canonical).toBe(formatAddressBits(readAddressBytes(bytesOf(groups))))
      expect(readIpAddress(canonical)).toBe(readIpAddress(text))
      expect(canonicalAddress(canonical)).toBe(canonical)
    }),
    { numRuns: 3000 },
  )
})

test('all spellings of one address are one client to limits and one peer to lists', () => {
  fc.assert(
    fc.property(spelled, ({ text }) => {
      const canonical = canonicalAddress(text) as string
      expect(clientOf(text)).toBe(clientOf(canonical))
      const set = new NetworkSet([canonical])
      expect([set.hasPeer(text), set.hasPeer('unix:'), set.hasPeer('unknown')]).toEqual([true, false, false])
    }),
    { numRuns: 1000 },
  )
})

test('the canonical text of an IPv6 address equals that of URL parsers', () => {
  fc.assert(
    fc.property(ipv6, (groups) => {
      const full = groups.map((one) => one.toString(16)).join(':')
      const bits = readIpAddress(full)
      if (typeof bits === 'number') return
      expect(canonicalAddress(full)).toBe(new URL(`http://[${full}]`).hostname.slice(1, -1))
    }),
    { numRuns: 3000 },
  )
})

test('an IPv4 address is the same in dotted, mapped and binary form', () => {
  fc.assert(
    fc.property(ipv4, (bytes) => {
      const dotted = bytes.join('.')
      const [high = 0, low = 0] = pairs(bytes)
      const texts = [dotted, `::ffff:${dotted}`, `::FFFF:${high.toString(16)}:${low.toString(16)}`]
      for (const text of texts) expect(canonicalAddress(text)).toBe(dotted)
      expect(formatAddressBits(readAddressBytes(Uint8Array.from(bytes)))).toBe(dotted)
      expect(formatAddressBits(readAddressBytes(bytesOf([0, 0, 0, 0, 0, 0xffff, high, low])))).toBe(dotted)
    }),
  )
})

test.each([
  '',
  'unix:',
  'localhost',
  '127.1',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '1.2.3.4 ',
  '1.2.3.4%eth0',
  '::ffff:1.2.3.04',
  '::1%',
  '[::1]',
  '1.2.3.4:80',
  `::1%${'a'.repeat(70)}`,
])('%j has no canonical address', (text) => {
  expect(canonicalAddress(text)).toBeNull()
})
