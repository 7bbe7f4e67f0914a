import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NetworkSet } from '../../../../src/http/address/address.ts'
import {
  countHost,
  type RequestContext,
  requestHeaders,
  responseHeaders,
  trailerFields,
} from '../../../../src/http/fields/headers.ts'
import { readProvenance } from '../../../../src/http/fields/provenance.ts'

const nothingCame = {
  forwarded: undefined,
  forwardedFor: undefined,
  forwardedProto: undefined,
  forwardedHost: undefined,
}

const context: RequestContext = {
  host: undefined,
  hop: { for: '10.0.0.9', proto: 'http', host: 'a.test' },
  forwarding: { xForwarded: true, forwarded: true, believes: 'x_forwarded' },
  came: readProvenance(nothingCame, 'x_forwarded', '10.0.0.9', new NetworkSet(['10.0.0.0/8'])),
  requestId: null,
  protocol: '1.1',
  hidesAuthorization: false,
  pseudonym: 'edge',
}

const fields = (out: readonly string[] | null, name: string) =>
  (out ?? []).filter((_, at) => at % 2 === 1 && out?.[at - 1]?.toLowerCase() === name)

const hopByHop = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

test.each(hopByHop)('%s is dropped both ways, in any case', (name) => {
  const raw = ['A', '1', name.toUpperCase(), 'x', name, 'y', 'B', '2']
  expect(fields(requestHeaders(raw, context), name)).toEqual([])
  expect(fields(responseHeaders(raw, 'edge'), name)).toEqual([])
  expect(responseHeaders(raw, 'edge').slice(0, 4)).toEqual(['A', '1', 'B', '2'])
})

test('fields named by Connection are dropped, over several Connection fields', () => {
  const raw = ['X-A', '1', 'Connection', 'x-a , ,close', 'connection', 'X-B', 'x-b', '2', 'X-C', '3']
  const out = requestHeaders(raw, context)
  expect(out?.slice(0, 2)).toEqual(['X-C', '3'])
  expect(responseHeaders(raw, 'edge').slice(0, 2)).toEqual(['X-C', '3'])
})

test('Connection cannot drop a field that frames or routes', () => {
  const raw = ['Connection', 'host, content-length, via', 'Host', 'h', 'Content-Length', '3', 'Via', '1.1 x']
  const out = requestHeaders(raw, context)
  expect(fields(out, 'host')).toEqual(['h'])
  expect(fields(out, 'content-length')).toEqual(['3'])
  expect(fields(out, 'via')).toEqual(['1.1 x, 1.1 edge'])
})

test('a sender whose Connection names X-Forwarded-For is still listed itself', () => {
  const fieldsOf = { ...nothingCame, forwardedFor: '1.1.1.1', forwardedProto: 'https' }
  const came = readProvenance(fieldsOf, 'x_forwarded', '10.0.0.9', new NetworkSet([]))
  const raw = ['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-Proto', 'https', 'Connection', 'X-Forwarded-For']
  const out = requestHeaders(raw, { ...context, came })
  expect(fields(out, 'x-forwarded-for')).toEqual(['10.0.0.9'])
  expect(fields(out, 'x-forwarded-proto')).toEqual(['https'])
  const disowned = requestHeaders([...raw, 'Connection', 'X-Forwarded-Proto'], { ...context, came })
  expect(fields(disowned, 'x-forwarded-proto')).toEqual(['http'])
})

test.each([
  ['trailers', ['trailers']],
  ['gzip, Trailers;q=1', ['trailers']],
  ['gzip', []],
])('TE: %s leaves %j', (te, left) => {
  expect(fields(requestHeaders(['TE', te], context), 'te')).toEqual(left)
})

test('Host is replaced in place, added if missing, and kept otherwise', () => {
  const replaced = { ...context, host: 'new' }
  expect(requestHeaders(['A', '1', 'HOST', 'old'], replaced)?.slice(0, 4)).toEqual(['A', '1', 'HOST', 'new'])
  expect(fields(requestHeaders(['A', '1'], replaced), 'host')).toEqual(['new'])
  expect(fields(requestHeaders(['Host', 'old'], context), 'host')).toEqual(['old'])
})

test.each([
  ['1.1 edge', true],
  ['1.0 x, HTTP/1.1 edge (comment)', true],
  ['1.1 edge2', false],
  ['1.1 my-edge', false],
  ['1.1 x (edge)', false],
])('Via: %s is a loop: %s', (via, isLoop) => {
  expect(requestHeaders(['Via', via], context) === null).toBe(isLoop)
})

test('a request without a host gets no X-Forwarded-Host', () => {
  expect(
    fields(requestHeaders([], { ...context, hop: { ...context.hop, host: '' } }), 'x-forwarded-host'),
  ).toEqual([])
})

test('trailers that frame, route or authenticate are not forwarded', () => {
  const raw = ['X-Sum', '1', 'Content-Length', '2', 'Set-Cookie', 'a', 'Host', 'h', 'If-Match', 'e']
  expect(trailerFields(raw)).toEqual(['X-Sum', '1'])
})

test('Host fields are counted in any case', () => {
  expect(countHost(['Host', 'a', 'hOST', 'b', 'X-Host', 'c'])).toBe(2)
})

describe('for any fields', () => {
  const name = fc.oneof(
    fc.constantFrom(
      ...hopByHop,
      'te',
      'Host',
      'Via',
      'X-Forwarded-For',
      'Content-Length',
      'X-A',
      'X-B',
      'Cookie',
    ),
    fc.string({ unit: fc.constantFrom(...'abcXYZ-'), minLength: 1, maxLength: 20 }),
  )
  const value = fc.oneof(
    fc.constantFrom('x-a', 'close', 'X-B, keep-alive', '1.1 other'),
    fc.string({ maxLength: 12 }),
  )
  const rawFields = fc.array(fc.tuple(name, value), { maxLength: 20 }).map((pairs) => pairs.flat())

  test('other fields keep their text and order, and nothing is added', () => {
    fc.assert(
      fc.property(rawFields, (raw) => {
        const out = responseHeaders(raw, 'edge')
        expect(out.length % 2).toBe(0)
        const pairs = (flat: readonly string[]) =>
          // White space around a value does not belong to it (RFC 9110 5.5).
          flat
            .filter((_, at) => at % 2 === 0)
            .map((text, at) => `${text}\n${(flat[at * 2 + 1] ?? '').replace(/^[ \t]+|[ \t]+$/g, '')}`)
        const kept = pairs(out).slice(0, -1)
        let from = 0
        for (const pair of kept) {
          const at = pairs(raw).indexOf(pair, from)
          expect(at).toBeGreaterThanOrEqual(from)
          from = at + 1
        }
      }),
    )
  })

  test('no hop-by-hop field and no field named by Connection survives', () => {
    fc.assert(
      fc.property(rawFields, (raw) => {
        const out = requestHeaders(raw, context)
        if (out === null) return
        const named = fields(raw, 'connection').flatMap((list) =>
          list
            .toLowerCase()
            .split(',')
            .map((token) => token.trim()),
        )
        const isProtected = new Set(['host', 'content-length', 'via', 'te', 'x-forwarded-for', ''])
        const names = out.filter((_, at) => at % 2 === 0).map((text) => text.toLowerCase())
        for (const gone of hopByHop) expect(names).not.toContain(gone)
        for (const gone of named) if (!isProtected.has(gone)) expect(names).not.toContain(gone)
        expect(fields(out, 'x-forwarded-for')[0]?.endsWith('10.0.0.9')).toBe(true)
        expect(fields(out, 'via')[0]?.endsWith('1.1 edge')).toBe(true)
      }),
    )
  })
})
