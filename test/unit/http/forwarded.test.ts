import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NetworkSet } from '../../../src/http/address.ts'
import {
  addForwarding,
  type CameForwarded,
  clientAddress,
  type ForwardedHop,
  type Forwarding,
  formatHop,
  nodesOf,
  parseForwarded,
} from '../../../src/http/forwarded.ts'

const hop = (node: string, proto = '', host = ''): ForwardedHop => ({ for: node, proto, host })

describe('one element', () => {
  test.each([
    [hop('192.0.2.1'), 'for=192.0.2.1'],
    [hop('2001:db8::1', 'https'), 'for="[2001:db8::1]";proto=https'],
    [hop('[2001:db8::1]:80'), 'for="[2001:db8::1]:80"'],
    [hop('192.0.2.1:80'), 'for="192.0.2.1:80"'],
    [hop('unknown', 'http', 'a.test'), 'for=unknown;host=a.test;proto=http'],
    [hop('_x', '', 'a.test:8080'), 'for=_x;host="a.test:8080"'],
    [hop('_x', '', '[::1]:80'), 'for=_x;host="[::1]:80"'],
    [hop('_x', '', 'a"\\b'), 'for=_x;host="a\\"\\\\b"'],
  ])('%j is written %s', (element, text) => {
    expect(formatHop(element)).toBe(text)
  })

  test.each([
    ['', []],
    ['for=a', [hop('a')]],
    ['For="[::1]:80" ; PROTO=https', [hop('[::1]:80', 'https')]],
    ['for="a,b;c\\"d";by=x, ,host=h', [hop('a,b;c"d'), hop('', '', 'h')]],
    ['for=a;', [hop('a')]],
    ['for=a,', [hop('a')]],
    ['for', null],
    ['for=a b', null],
    ['for="a', null],
    ['for=a;for=b', null],
    ['for=[::1]', null],
    ['for=a, "', null],
  ])('%j is read', (text, hops) => {
    expect(parseForwarded(text)).toEqual(hops)
  })

  const host = fc.string({
    unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  })
  const node = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('unknown', '_hidden', '192.0.2.1:8080', '[2001:db8::1]:443'),
  )
  const anyHop = fc.record({ for: node, proto: fc.constantFrom('', 'http', 'https'), host })

  test('any list of hops is read as it was written', () => {
    fc.assert(
      fc.property(fc.array(anyHop, { minLength: 1, maxLength: 5 }), (hops) => {
        const text = hops.map(formatHop).join(', ')
        const bracketed = hops.map((one) => ({
          ...one,
          for: /^[^[]*:.*:/.test(one.for) ? `[${one.for}]` : one.for,
        }))
        expect(parseForwarded(text)).toEqual(bracketed)
      }),
    )
  })

  test('any text is read or refused, in linear time, and never throws', () => {
    const nasty = fc.string({ unit: fc.constantFrom(...'for=a";,\\ \t[]:_'), maxLength: 200 })
    fc.assert(fc.property(nasty, (text) => void parseForwarded(text)))
    const before = performance.now()
    parseForwarded(`for="${'\\a'.repeat(50_000)}`)
    parseForwarded(' '.repeat(100_000))
    expect(performance.now() - before).toBeLessThan(1_000)
  })
})

describe('the client', () => {
  const trusted = new NetworkSet(['10.0.0.0/8', '2001:db8::/32'])
  test.each([
    ['nobody said anything', [], '10.0.0.1'],
    ['the last one that is not trusted', ['6.6.6.6', '192.0.2.7', '10.0.0.2'], '192.0.2.7'],
    ['the first one when all are trusted', ['10.0.0.3', '2001:db8::2'], '10.0.0.3'],
    ['not beyond what is no address', ['6.6.6.6', 'unknown', '10.0.0.2'], '10.0.0.2'],
    ['with port', ['192.0.2.7:4711'], '192.0.2.7'],
    ['IPv6 with port', ['[2001:db9::1]:4711'], '2001:db9::1'],
    ['not what a bracket begins and does not end', ['6.6.6.6', '[192.0.2.7x'], '10.0.0.1'],
    ['not what has more behind its bracket', ['[2001:db9::1]x'], '10.0.0.1'],
    ['not what an empty entry hides', ['192.0.2.7', ''], '10.0.0.1'],
  ])('is %s', (_, nodes, client) => {
    expect(clientAddress('10.0.0.1', nodes, trusted)).toBe(client)
  })

  test('is named by the field that is believed', () => {
    expect(nodesOf('a, b', 'x_forwarded')).toEqual(['a', 'b'])
    expect(nodesOf('for=a, for="[::1]"', 'forwarded')).toEqual(['a', '[::1]'])
    expect(nodesOf('for=a, for=', 'forwarded')).toEqual([])
    expect(nodesOf(undefined, 'forwarded')).toEqual([])
  })
})

describe('fields', () => {
  const own = hop('10.0.0.9', 'http', 'a.test')
  const both: Forwarding = { xForwarded: true, forwarded: true, believes: 'x_forwarded' }
  const none: CameForwarded = { forwarded: '', forwardedFor: '', forwardedProto: '', forwardedHost: '' }
  function fields(came: CameForwarded | null, forwarding: Partial<Forwarding> = {}): Record<string, string> {
    const out: string[] = []
    addForwarding(out, own, came, { ...both, ...forwarding })
    const names = out.filter((_, at) => at % 2 === 0)
    expect(new Set(names).size).toBe(names.length)
    return Object.fromEntries(names.map((name, at) => [name, out[at * 2 + 1] ?? '']))
  }

  test('X-Forwarded-* believed: Forwarded is made from it, and what came as Forwarded is dropped', () => {
    const came = {
      forwarded: 'for=6.6.6.6',
      forwardedFor: '192.0.2.1, rubbish here, ::1',
      forwardedProto: 'https, x y',
      forwardedHost: 'b.test',
    }
    expect(fields(came)).toEqual({
      'X-Forwarded-For': '192.0.2.1, rubbish here, ::1, 10.0.0.9',
      'X-Forwarded-Proto': 'https, x y, http',
      'X-Forwarded-Host': 'b.test, a.test',
      Forwarded:
        'for=192.0.2.1;host=b.test;proto=https, for=unknown, for="[::1]", for=10.0.0.9;host=a.test;proto=http',
    })
  })

  test('Forwarded believed: X-Forwarded-* is made from it, and what came as that is dropped', () => {
    const came = {
      ...none,
      forwarded: 'for="[::1]:80";proto=https;by=_us, host=b.test',
      forwardedFor: '6.6.6.6',
    }
    expect(fields(came, { believes: 'forwarded' })).toEqual({
      'X-Forwarded-For': '::1, unknown, 10.0.0.9',
      'X-Forwarded-Proto': 'https, http',
      'X-Forwarded-Host': 'b.test, a.test',
      Forwarded: 'for="[::1]:80";proto=https;by=_us, host=b.test, for=10.0.0.9;host=a.test;proto=http',
    })
  })

  test('a Forwarded that is not well-formed is not continued', () => {
    const came = { ...none, forwarded: 'for="open' }
    expect(fields(came, { believes: 'forwarded' })).toEqual(fields(null))
  })

  test('a trusted peer that says nothing is the first hop', () => {
    expect(fields(none)).toEqual(fields(null))
    expect(fields(none, { believes: 'forwarded' })).toEqual(fields(null))
  })

  test('both name the same addresses, whatever a trusted peer sends', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('192.0.2.1, ::1', '1.2.3.4:5', '_x, unknown'))
    const came = fc.record({ forwarded: text, forwardedFor: text, forwardedProto: text, forwardedHost: text })
    fc.assert(
      fc.property(came, (given) => {
        const { Forwarded = '' } = fields(given)
        const hops = parseForwarded(Forwarded)
        expect(hops).not.toBeNull()
        const listed = given.forwardedFor === '' ? [] : given.forwardedFor.split(',')
        expect(hops).toHaveLength(listed.length + 1)
        expect(hops?.at(-1)).toEqual(own)
      }),
    )
  })
})
