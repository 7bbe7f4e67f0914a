import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatHop } from '../../../../src/http/fields/forwarded.ts'
import { readForwarded, readForwardedFor } from '../../../../src/http/fields/forwarded-fields.ts'

const nodes = (hops: readonly { readonly node: string }[]) => hops.map(({ node }) => node)

describe('X-Forwarded-For', () => {
  test.each([
    ['', []],
    [' , ,', []],
    ['192.0.2.1', ['192.0.2.1']],
    ['192.0.2.1,', ['192.0.2.1']],
    [',192.0.2.1 ,\t, 192.0.2.2', ['192.0.2.1', '192.0.2.2']],
    ['192.0.2.1:4711', ['192.0.2.1:4711']],
    ['192.0.2.1:_port', ['192.0.2.1:_port']],
    ['2001:DB8::A', ['2001:db8::a']],
    ['[2001:DB8::A]', ['2001:db8::a']],
    ['[2001:db8::a]:80', ['[2001:db8::a]:80']],
    ['fe80::1%eth0', ['fe80::1']],
    ['::ffff:192.0.2.1', ['192.0.2.1']],
    ['[::ffff:192.0.2.1]:80', ['192.0.2.1:80']],
    ['_hidden.node-1', ['_hidden.node-1']],
    ['unknown, UNKNOWN', ['unknown', 'unknown']],
    // Reading stops at the first invalid element.
    ['192.0.2.1, rubbish here, ::1', ['::1']],
    ['192.0.2.1, rubbish', []],
    ['192.0.2.1, "192.0.2.2"', []],
    ['192.0.2.1, 192.0.2.256', []],
    ['192.0.2.1, 0300.0.2.1', []],
    ['192.0.2.1, 127.1', []],
    ['192.0.2.1, 192.0.2.2:', []],
    ['192.0.2.1, 192.0.2.2:x', []],
    ['192.0.2.1, 192.0.2.2:123456', []],
    ['192.0.2.1, [192.0.2.2]', []],
    ['192.0.2.1, [::1', []],
    ['192.0.2.1, [::1]x', []],
    ['192.0.2.1, ::1]', []],
    ['192.0.2.1, []', []],
    ['192.0.2.1, _', []],
    ['192.0.2.1, host.test', []],
    ['192.0.2.1, 192.0.2.2\xa0', []],
  ])('%j names %j', (field, expected) => {
    expect(nodes(readForwardedFor(field))).toEqual(expected)
  })

  test('an element keeps its text besides the canonical address', () => {
    expect(readForwardedFor(' [2001:DB8::A]:80 ,_x')).toEqual([
      { text: '[2001:DB8::A]:80', address: '2001:db8::a', node: '[2001:db8::a]:80', proto: '', host: '' },
      { text: '_x', address: null, node: '_x', proto: '', host: '' },
    ])
  })
})

describe('Forwarded', () => {
  const read = (field: string) => readForwarded(field).map(({ node, proto, host }) => [node, proto, host])

  test.each([
    ['', []],
    [' , ; ,', []],
    ['For="[::1]:80" ; PROTO=https', [['[::1]:80', 'https', '']]],
    [
      'for=_a;by="b,c;d\\"e";ext=1, ,host=h',
      [
        ['_a', '', ''],
        ['unknown', '', 'h'],
      ],
    ],
    ['for=_a;', [['_a', '', '']]],
    [';;for=_a,', [['_a', '', '']]],
    ['for=Unknown', [['unknown', '', '']]],
    ['for="2001:DB8::1"', [['2001:db8::1', '', '']]],
    ['for="[::ffff:192.0.2.1]"', [['192.0.2.1', '', '']]],
    ['for=192.0.2.1;host="a\\"b\\\\"', [['192.0.2.1', '', 'a"b\\']]],
    ['for="192.0.2.1\\\\"', []],
    ['for', []],
    ['for=', []],
    ['for =_a', []],
    ['for=_a b', []],
    ['for=_a;for=_b', []],
    ['for=_a;FOR=_b', []],
    ['for=_a;by=1;by=1', []],
    ['for=_a;__proto__=1;__proto__=1', []],
    ['for=[::1]', []],
    ['for=192.0.2.1:80', []],
    ['for=name', []],
    ['for=', []],
    ['for=_a;"', []],
    ['for="_a', []],
    ['for=_a"', []],
    ['for="_a"b', []],
    ['for=_a;constructor=1', [['_a', '', '']]],
    // Text that a client wrote left of the proxy's element cannot change how that is read.
    ['for="open, for=192.0.2.1', [['192.0.2.1', '', '']]],
    ['for="open, for="[2001:db8::1]"', [['2001:db8::1', '', '']]],
    ['for="open\\, for="[2001:db8::1]"', [['2001:db8::1', '', '']]],
    ['for="x, for=6.6.6.6;by=", for=192.0.2.1', [['192.0.2.1', '', '']]],
    ['for=_a, rubbish, for=192.0.2.1', [['192.0.2.1', '', '']]],
  ])('%j names %j', (field, expected) => {
    expect(read(field)).toEqual(expected)
  })

  const text = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  })
  const node = fc.constantFrom(
    '192.0.2.7',
    '2001:db8::1',
    'unknown',
    '_x',
    '192.0.2.1:80',
    '[2001:db8::1]:443',
  )
  const proto = fc.constantFrom('', 'http', 'https')
  const anyHop = fc.record({ for: node, proto, host: text })

  test('any written list of hops is read back', () => {
    fc.assert(
      fc.property(fc.array(anyHop, { maxLength: 5 }), (hops) => {
        const written = hops.map(formatHop)
        const found = readForwarded(written.join(', '))
        expect(found.map((hop) => hop.text)).toEqual(written)
        expect(nodes(found)).toEqual(hops.map((hop) => hop.for))
        expect(found.map(({ host }) => host)).toEqual(hops.map(({ host }) => host))
      }),
    )
  })

  test("text before the trusted peer's element does not change how it is read", () => {
    const nasty = fc.string({ unit: fc.constantFrom(...'for=a";,\\ \t[]:_'), maxLength: 60 })
    fc.assert(
      fc.property(nasty, anyHop, (before, hop) => {
        expect(readForwarded(`${before}, ${formatHop(hop)}`).at(-1)).toMatchObject({
          node: hop.for,
          proto: hop.proto,
          host: hop.host,
        })
      }),
      { numRuns: 2_000 },
    )
  })
})
