import { describe, expect, test } from 'vitest'
import { parseDestination, parsePortRange } from '../../../../src/config/address/destination.ts'
import { load, messages } from '../../../kit/configuration/config-text.ts'

const form =
  'a host pattern or a network, such as "example.com", "*.example.com:443", "10.0.0.0/8" or "[::1]:8080"'
const badPort = 'the port must be a whole number from 1 to 65535'
const noAddress = 'is neither a name nor an address; write an IPv4 address as four decimal numbers'
const brackets = 'write an IPv6 address in brackets, such as [::1]:8080 or [fd00::]/8'

describe('an entry of destinations', () => {
  test.each([
    ['example.com', 'example.com', null, null],
    ['EXAMPLE.com.', 'example.com', null, null],
    ['*.Example.com:8443', '*.example.com', null, 8443],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example', null, null],
    ['intranet', 'intranet', null, null],
    ['a_b.test:1', 'a_b.test', null, 1],
    ['10.0.0.0/8', null, '10.0.0.0/8', null],
    ['10.0.0.0/8:80', null, '10.0.0.0/8', 80],
    ['127.0.0.1', null, '127.0.0.1', null],
    ['127.0.0.1:9981', null, '127.0.0.1', 9981],
    ['::1', null, '::1', null],
    ['fd00::/8', null, 'fd00::/8', null],
    ['[fd00::]/8', null, 'fd00::/8', null],
    ['[fd00::]/8:443', null, 'fd00::/8', 443],
    ['[::1]', null, '::1', null],
    ['[::1]:8080', null, '::1', 8080],
  ])('%s is read', (text, host, network, port) => {
    expect(parseDestination(text).entry).toEqual({ text, host, network, port })
  })

  test.each([
    ['', `must be ${form}`],
    ['*', '* may only replace the leading labels, such as "*.example.com"'],
    ['*.*.example.com', '* may only replace the leading labels, such as "*.example.com"'],
    ['a.*.example.com', '* may only replace the leading labels, such as "*.example.com"'],
    ['*example.com', '* may only replace the leading labels, such as "*.example.com"'],
    ['.example.com', `must be ${form}`],
    ['a b', `must be ${form}`],
    ['user@host', `must be ${form}`],
    ['bücher.example', 'must be written in ASCII, as requests contain it: "xn--bcher-kva.example"'],
    ['127.1', noAddress],
    ['2130706433', noAddress],
    ['0x7f000001', noAddress],
    ['0177.0.0.1', noAddress],
    ['*.0.0.1', noAddress],
    ['256.0.0.1', noAddress],
    ['example.com:0', badPort],
    ['example.com:65536', badPort],
    ['example.com:http', badPort],
    ['example.com:', badPort],
    ['[::1]:0', badPort],
    ['fd00::/8:443', brackets],
    ['::1:x', brackets],
    ['http://example.com', `must be ${form}`],
    ['10.0.0.0/33', 'must have a prefix length from 0 to 32 after the slash'],
    ['[fd00::]/129', 'must have a prefix length from 0 to 128 after the slash'],
    ['[127.0.0.1]', `must be ${form}`],
    ['[::1', `must be ${form}`],
    ['[::1]x', `must be ${form}`],
    [
      '[fe80::1%eth0]',
      'must be an IP address or network, such as "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"',
    ],
  ])('%j is refused', (text, fault) => {
    expect(parseDestination(text).fault).toBe(fault)
  })
})

test.each([
  ['1-65535', { first: 1, last: 65_535 }],
  ['80-80', { first: 80, last: 80 }],
  ['80', null],
  ['90-80', null],
  ['0-80', null],
  ['80-65536', null],
  ['1-2-3', null],
  [' 1-2', null],
])('the port range %j is read or refused', (text, range) => {
  expect(parsePortRange(text)).toEqual(range)
})

const config = (destinations: unknown) => ({
  mode: 'Forward',
  listen_addr: '127.0.0.1:3128',
  workers: { forward_proxy: { destinations } },
})

test('without destinations nothing is opened, and CONNECT is limited to the TLS ports', () => {
  const [forward] =
    load({ mode: 'Forward', listen_addr: '127.0.0.1:3128' }).settings.workers[0]?.services ?? []
  expect(forward).toMatchObject({
    destinations: {
      allow: [],
      deny: [],
      connectPorts: [
        { first: 443, last: 443 },
        { first: 8443, last: 8443 },
      ],
    },
  })
})

test('a list of ports replaces the default one', () => {
  const [forward] = load(config({ connect_ports: [22, '8000-8999'] })).settings.workers[0]?.services ?? []
  expect(forward).toMatchObject({
    destinations: {
      connectPorts: [
        { first: 22, last: 22 },
        { first: 8000, last: 8999 },
      ],
    },
  })
})

test('every bad entry is reported at its key', () => {
  const place = 'workers.forward_proxy.destinations'
  const ports = 'must be a port from 1 to 65535, or a range of ports as text, such as "1024-65535"'
  expect(
    messages(config({ allow: ['ok.test', '127.1'], deny: ['a b'], connect_ports: [443, 0, '9-1', true] })),
  ).toEqual([
    `${place}.allow[1]: is the text "127.1"; ${noAddress}`,
    `${place}.deny[0]: is the text "a b"; must be ${form}`,
    `${place}.connect_ports[1]: is 0; ${ports}`,
    `${place}.connect_ports[2]: is the text "9-1"; ${ports}`,
    `${place}.connect_ports[3]: is true; ${ports}`,
  ])
})

test('a loopback name opens nothing, and the message suggests addresses that do', () => {
  expect(messages(config({ allow: ['localhost:8080', 'a.localhost'], deny: ['localhost'] }))).toEqual([
    'workers.forward_proxy.destinations.allow[0]: is the text "localhost:8080"; a host pattern opens private networks only, and this one is loopback; write "127.0.0.0/8:8080" and "[::1]:8080"',
    'workers.forward_proxy.destinations.allow[1]: is the text "a.localhost"; a host pattern opens private networks only, and this one is loopback; write "127.0.0.0/8" and "[::1]"',
  ])
})

describe('an open forward proxy', () => {
  const warnings = (listen_addr: string, block: object = {}, top: object = {}) =>
    load({ mode: 'Forward', listen_addr, workers: { forward_proxy: block }, ...top }).warnings

  test.each(['0.0.0.0:3128', '[::]:3128', '192.0.2.1:3128', 'proxy.test:3128'])(
    'causes a warning when it listens on %s',
    (at) => {
      expect(warnings(at)).toEqual([
        `workers.forward_proxy listens on ${at} without auth or access.allow, so any client that can connect can use it; add one of them, or listen on 127.0.0.1`,
      ])
    },
  )

  test.each(['127.0.0.1:3128', '[::1]:3128', 'localhost:3128'])('causes no warning on %s', (at) => {
    expect(warnings(at)).toEqual([])
  })

  test('causes no warning with an access list or with users', () => {
    expect(warnings('0.0.0.0:3128', { access: { allow: ['10.0.0.0/8'] } })).toEqual([])
    const users = [{ name: 'ann', password: `$2b$04$${'a'.repeat(53)}` }]
    expect(warnings('0.0.0.0:3128', { auth: { users } })).toEqual([])
  })

  test('causes a warning with an access list that only denies', () => {
    expect(warnings('0.0.0.0:3128', { access: { deny: ['192.0.2.0/24'] } })).toHaveLength(1)
    const both = { allow: ['10.0.0.0/8'], deny: ['10.0.0.1'] }
    expect(warnings('0.0.0.0:3128', { access: both })).toEqual([])
  })

  test('causes a warning on a shared listener too', () => {
    const workers = { forward_proxy: {}, reverse_proxy: { target: 'http://a.test' } }
    expect(load({ mode: 'Combined', listen_addr: '0.0.0.0:80', workers }).warnings).toHaveLength(1)
    const own = { ...workers, forward_proxy: { listen_addr: '127.0.0.1:3128' } }
    expect(load({ mode: 'Combined', listen_addr: '0.0.0.0:80', workers: own }).warnings).toEqual([])
  })
})
