import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NetworkSet } from '../../../../src/http/address/address.ts'
import {
  addForwarding,
  type ForwardedHop,
  type Forwarding,
  formatHop,
} from '../../../../src/http/fields/forwarded.ts'
import { readForwarded } from '../../../../src/http/fields/forwarded-fields.ts'
import {
  type ForwardedFields,
  type Provenance,
  readProvenance,
} from '../../../../src/http/fields/provenance.ts'

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
})

describe('fields', () => {
  const own = hop('10.0.0.9', 'http', 'a.test')
  const both: Forwarding = { xForwarded: true, forwarded: true, believes: 'x_forwarded' }
  const trusted = new NetworkSet(['10.0.0.0/8'])
  const cameBy = (believes: Forwarding['believes'], fields: Partial<ForwardedFields>): Provenance =>
    readProvenance(
      {
        forwarded: undefined,
        forwardedFor: undefined,
        forwardedProto: undefined,
        forwardedHost: undefined,
        ...fields,
      },
      believes,
      '10.0.0.9',
      trusted,
    )
  function fields(came: Provenance | null, forwarding: Partial<Forwarding> = {}): Record<string, string> {
    const out: string[] = []
    addForwarding(out, own, came, { ...both, ...forwarding })
    const names = out.filter((_, at) => at % 2 === 0)
    expect(new Set(names).size).toBe(names.length)
    return Object.fromEntries(names.map((name, at) => [name, out[at * 2 + 1] ?? '']))
  }

  test('with X-Forwarded-* trusted, Forwarded is derived from it, and a received Forwarded is dropped', () => {
    const came = cameBy('x_forwarded', {
      forwarded: 'for=6.6.6.6',
      forwardedFor: 'rubbish here, 6.6.6.7, 192.0.2.1, ::FFFF:10.0.0.8',
      forwardedProto: 'http, https, http',
      forwardedHost: 'b.test',
    })
    expect(fields(came)).toEqual({
      'X-Forwarded-For': '6.6.6.7, 192.0.2.1, ::FFFF:10.0.0.8, 10.0.0.9',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'b.test',
      Forwarded:
        'for=6.6.6.7, for=192.0.2.1;host=b.test;proto=https, for=10.0.0.8, for=10.0.0.9;host=a.test;proto=http',
    })
  })

  test('with Forwarded trusted, X-Forwarded-* is derived from it, and a received X-Forwarded-* is dropped', () => {
    const came = cameBy('forwarded', {
      forwarded: 'for=_a b, for="[::1]:80";proto=https;by=_us;host=b.test, host=c.test',
      forwardedFor: '6.6.6.6',
      forwardedHost: 'evil.test',
    })
    expect(fields(came, { believes: 'forwarded' })).toEqual({
      'X-Forwarded-For': '::1, unknown, 10.0.0.9',
      'X-Forwarded-Proto': 'http',
      'X-Forwarded-Host': 'c.test',
      Forwarded:
        'for="[::1]:80";proto=https;by=_us;host=b.test, host=c.test, for=10.0.0.9;host=a.test;proto=http',
    })
  })

  test('a trusted peer without fields is the first hop', () => {
    expect(fields(cameBy('x_forwarded', {}))).toEqual(fields(null))
    expect(fields(cameBy('forwarded', {}), { believes: 'forwarded' })).toEqual(fields(null))
  })

  test('a trusted peer that names no hop is the client, with the protocol and host it reports', () => {
    expect(fields(cameBy('x_forwarded', { forwardedProto: 'https', forwardedHost: 'b.test' }))).toEqual({
      'X-Forwarded-For': '10.0.0.9',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'b.test',
      Forwarded: 'for=10.0.0.9;host=b.test;proto=https',
    })
  })

  test('an invalid protocol or host falls back to the connection and Host', () => {
    const came = cameBy('x_forwarded', {
      forwardedFor: '192.0.2.1',
      forwardedProto: 'ftp',
      forwardedHost: 'x y',
    })
    expect(fields(came)).toMatchObject({ 'X-Forwarded-Proto': 'http', 'X-Forwarded-Host': 'a.test' })
  })

  test('both fields name the same addresses, one protocol and one host, whatever a trusted peer sends', () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom('192.0.2.1, ::1', '1.2.3.4:5', '_x, unknown', 'https, http', 'a.test, b.test'),
    )
    const came = fc.record({ forwarded: text, forwardedFor: text, forwardedProto: text, forwardedHost: text })
    fc.assert(
      fc.property(came, fc.constantFrom('x_forwarded' as const, 'forwarded' as const), (given, believes) => {
        const provenance = cameBy(believes, given)
        const sent = fields(provenance, { believes })
        const hops = readForwarded(sent['Forwarded'] ?? '')
        expect(hops).toHaveLength(provenance.hops.length + 1)
        expect(hops.at(-1)?.node).toBe('10.0.0.9')
        expect(sent['X-Forwarded-For']?.split(', ')).toHaveLength(hops.length)
        expect(sent['X-Forwarded-Proto']).toMatch(/^(?:https?|wss?)$/)
        expect(sent['X-Forwarded-Host']).toMatch(/^[^, ]+$/)
      }),
    )
  })
})
