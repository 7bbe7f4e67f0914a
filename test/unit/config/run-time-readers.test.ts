/** A value accepted by the configuration must not throw in the function that reads it at run time. */
import { validateHeaderValue } from 'node:http'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseListenerAddress } from '../../../src/config/address/address.ts'
import { toListenerAddress } from '../../../src/config/resolve/listeners.ts'
import { collectorUrlFault } from '../../../src/config/schema/fields.ts'
import { NetworkSet } from '../../../src/http/address/address.ts'
import { basicChallenge } from '../../../src/proxy/guard/auth/basic.ts'
import { messages } from '../../kit/configuration/config-text.ts'

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4().map((ipv4) => `::ffff:${ipv4}`),
  fc.constantFrom(
    '::FFFF:7f00:1',
    '0:0:0:0:0:ffff:7f00:1',
    'fe80::1%eth0',
    '010.0.0.1',
    '10.0.0',
    'unix:',
    'a.test',
    '',
  ),
)
const length = fc.oneof(
  fc.constantFrom('', '/', '/x', '/08', '/8/8', '/129'),
  fc.nat({ max: 130 }).map((number) => `/${number}`),
)

const withAccess = (deny: string, realm = 'a') => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:1',
  workers: {
    reverse_proxy: {
      target: 'http://127.0.0.1:9',
      access: { deny: [deny] },
      auth: { realm, users: [{ name: 'a', password: 'plain:long enough password' }] },
    },
  },
})

const about = (config: object, key: string) => messages(config).filter((line) => line.includes(key))

describe('a value accepted by the configuration', () => {
  test('as a network can be added to a NetworkSet', () => {
    fc.assert(
      fc.property(address, length, (base, suffix) => {
        const isAccepted = about(withAccess(base + suffix), 'access.deny').length === 0
        const build = () => new NetworkSet([base + suffix])
        if (isAccepted) expect(build).not.toThrow()
        // NetworkSet accepts a zone; the lists of the configuration refuse it, since it has no effect there.
        else if (!base.includes('%')) expect(build).toThrow(TypeError)
      }),
      { numRuns: 300 },
    )
  })

  test('as a realm can be sent in a header field', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ maxLength: 130 }), fc.string({ unit: 'binary', maxLength: 20 })),
        (realm) => {
          if (about(withAccess('10.0.0.0/8', realm), 'realm').length > 0) return
          validateHeaderValue('WWW-Authenticate', basicChallenge(realm))
        },
      ),
      { numRuns: 60 },
    )
  })

  test('as a listener address can be converted for the settings', () => {
    const port = fc.constantFrom('', ':0', ':80', ':65536', ':x')
    const host = fc.oneof(
      address,
      address.map((text) => `[${text}]`),
      fc.string({ maxLength: 20 }),
    )
    fc.assert(
      fc.property(host, port, (name, suffix) => {
        const text = name + suffix
        if (parseListenerAddress(text).fault === undefined) toListenerAddress(text)
        else expect(() => toListenerAddress(text)).toThrow()
      }),
      { numRuns: 1000 },
    )
  })

  test('as a collector URL can be parsed with the path of a signal', () => {
    const url = fc.oneof(
      fc.webUrl(),
      fc.tuple(fc.constantFrom('http://', 'https://'), fc.string()).map((all) => all.join('')),
    )
    fc.assert(
      fc.property(url, (text) => {
        if (collectorUrlFault(text) === undefined)
          expect(URL.canParse(`${text.replace(/\/$/, '')}/v1/traces`)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })
})
