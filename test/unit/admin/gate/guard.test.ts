import { describe, expect, test } from 'vitest'
import { guardRefusal, type RequestFacts } from '../../../../src/admin/gate/guard.ts'

const http = { scheme: 'http', hosts: ['bridge.example'] } as const
const facts = (rest: Partial<RequestFacts>): RequestFacts => ({
  method: 'GET',
  host: '127.0.0.1:9900',
  origin: undefined,
  site: undefined,
  mode: undefined,
  dest: undefined,
  ...rest,
})
const isRefused = (rest: Partial<RequestFacts>) => guardRefusal(facts(rest), http) !== null

describe('the Host field (DNS rebinding)', () => {
  test.each([
    ['127.0.0.1:9900', false],
    ['127.0.0.1', false],
    ['10.1.2.3:80', false],
    ['[::1]:9900', false],
    ['localhost:4000', false],
    ['LOCALHOST', false],
    ['localhost:', false],
    ['[::1]:', false],
    ['evil.example:', true],
    ['app.localhost:9900', false],
    ['bridge.example:9900', false],
    ['Bridge.Example.', false],
    ['evil.example:9900', true],
    ['127.0.0.1.evil.example', true],
    ['localhost.evil.example', true],
    ['bridge.example.evil.example', true],
    ['evilbridge.example', true],
    ['evil.bridge.example', true],
    ['evillocalhost', true],
    ['[::1', true],
    ['a b', true],
    ['user@127.0.0.1', true],
    ['', true],
    [undefined, true],
  ])('%s is refused: %s', (host, refused) => {
    expect(isRefused({ host })).toBe(refused)
  })

  test('may have any value on a Unix socket, which no browser can reach', () => {
    expect(guardRefusal(facts({ host: 'anything' }), { scheme: 'http', hosts: null })).toBeNull()
  })
})

describe('the Origin field', () => {
  test.each([
    ['http://127.0.0.1:9900', false],
    ['http://127.0.0.1:8080', true],
    ['https://127.0.0.1:9900', true],
    ['http://evil.example', true],
    ['null', true],
    ['', true],
  ])('%s is refused: %s', (origin, refused) => {
    expect(isRefused({ origin })).toBe(refused)
    expect(isRefused({ origin, method: 'POST' })).toBe(refused)
  })
})

describe('the Fetch Metadata fields of a browser', () => {
  test.each([
    ['same-origin', 'cors', 'empty', false],
    ['none', 'navigate', 'document', false],
    ['cross-site', 'navigate', 'document', false],
    ['cross-site', 'navigate', 'iframe', true],
    ['cross-site', 'no-cors', 'image', true],
    ['cross-site', 'no-cors', 'script', true],
    ['cross-site', 'cors', 'empty', true],
    ['same-site', 'cors', 'empty', true],
    ['anything', undefined, undefined, true],
  ])('%s, %s, %s: a GET is refused: %s', (site, mode, dest, refused) => {
    expect(isRefused({ site, mode, dest })).toBe(refused)
  })

  test('a form of another site cannot post', () => {
    expect(isRefused({ method: 'POST', site: 'cross-site', mode: 'navigate', dest: 'document' })).toBe(true)
  })
})
