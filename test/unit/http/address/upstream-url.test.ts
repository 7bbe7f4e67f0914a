import fc from 'fast-check'
import { Client } from 'undici'
import { describe, expect, test } from 'vitest'
import { canonicalAddress } from '../../../../src/http/address/address.ts'
import { readUpstreamUrl } from '../../../../src/http/address/upstream-url.ts'
import { createPolicy } from '../../../../src/proxy/decide/decide.ts'
import { upstreamOf } from '../../../../src/proxy/decide/target.ts'
import { load, problems } from '../../../kit/configuration/config-text.ts'

test.each([
  ['http://a.test', 'http://a.test:80', ''],
  ['HTTPS://A.test/', 'https://a.test:443', ''],
  ['http://a.test:8080/base/', 'http://a.test:8080', '/base'],
  ['http://[::1]:3000/x%20y', 'http://[::1]:3000', '/x%20y'],
  ['http://[0:0::FFFF:127.0.0.1]', 'http://127.0.0.1:80', ''],
])('%s is read', (text, origin, basePath) => {
  expect(readUpstreamUrl(text)).toEqual({ url: { origin, basePath } })
})

// Mostly URLs with one odd part, and some that are odd throughout.
const host = fc.oneof(
  fc.domain(),
  fc.ipV4(),
  fc.ipV4Extended(),
  fc.ipV6().map((address) => `[${address}]`),
  fc.constantFrom(
    `\${A}`,
    '1.2',
    'ex%41mple',
    'münchen.test',
    'xn--a',
    'a..b',
    'a.',
    '0x7f.1',
    '[::1%1]',
    'a!b',
    'a_b',
  ),
  fc.string({ maxLength: 12 }),
)
const port = fc.oneof(
  fc.constantFrom('', ':', ':0', ':65536', ':80:80'),
  fc.integer({ min: 1, max: 65_535 }).map((number) => `:${number}`),
)
const path = fc.oneof(fc.constantFrom('', '/', '/a/', '/ü', '/%zz', '/a?b', '//x'), fc.webPath())
const scheme = fc.constantFrom('http://', 'https://', 'HTTP://', 'ftp://', '')
const text = fc.tuple(scheme, host, port, path).map((parts) => parts.join(''))

describe('any target', () => {
  const config = (target: string) => ({
    mode: 'Reverse',
    listen_addr: '127.0.0.1:1',
    workers: { reverse_proxy: { target } },
  })

  test('accepted by the configuration can be read by all its users at run time', () => {
    let accepted = 0
    fc.assert(
      fc.property(text, (target) => {
        if (problems(config(target)).length > 0) {
          expect(readUpstreamUrl(target).fault).toBeTypeOf('string')
          return
        }
        accepted += 1
        const { origin, basePath } = upstreamOf(target)
        createPolicy(load(config(target)).settings.workers[0]?.services ?? [])
        // undici is the HTTP client for https: targets.
        new Client(origin.replace('http:', 'https:')).destroy()
        expect(origin + basePath).toMatch(/^https?:\/\/[\x21-\x7e]+:\d+(\/[\x21-\x7e]*)?$/)
      }),
      { numRuns: 2000 },
    )
    expect(accepted).toBeGreaterThan(200)
  })

  test('refused by the configuration has a message with the position and the correction', () => {
    fc.assert(
      fc.property(text, (target) => {
        const { fault } = readUpstreamUrl(target)
        if (fault === undefined) return
        expect(() => upstreamOf(target)).toThrow('the reverse target')
        const found = problems(config(target))
        expect(found).toHaveLength(1)
        expect(found[0]).toMatch(/^[^\n]*:\d+:\d+ .*workers\.reverse_proxy\.target: .*must /s)
      }),
      { numRuns: 300 },
    )
  })

  test('has the same host here and in URL parsers', () => {
    fc.assert(
      fc.property(text, (target) => {
        const { url } = readUpstreamUrl(target)
        if (url === undefined) return
        const ours = new URL(url.origin).hostname.replace(/^\[|\]$/g, '')
        const theirs = new URL(target).hostname.replace(/^\[|\]$/g, '')
        expect(canonicalAddress(ours) ?? ours).toBe(canonicalAddress(theirs) ?? theirs)
      }),
      { numRuns: 2000 },
    )
  })
})
