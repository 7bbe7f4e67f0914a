import { describe, expect, test } from 'vitest'
import { parseAddress } from '../../../../src/config/address/address.ts'
import { load, messages } from '../../../kit/configuration/config-text.ts'

const noPort = 'has no port; write host:port, such as 127.0.0.1:8080'
const badHost = 'the host must be a host name, an IPv4 address or an IPv6 address in brackets'
const badPort = 'the port must be a whole number from 0 to 65535'

describe('an address', () => {
  test.each([
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['0.0.0.0:0', '0.0.0.0', 0],
    ['[::1]:443', '::1', 443],
    ['[fe80::1%eth0]:1', 'fe80::1%eth0', 1],
    ['localhost:65535', 'localhost', 65_535],
    ['my_host.example.org:80', 'my_host.example.org', 80],
  ])('%s is read', (text, host, port) => {
    expect(parseAddress(text).address).toEqual({ host, port })
  })

  test.each([
    ['localhost', noPort],
    ['[::1]', noPort],
    ['', noPort],
    [':80', 'has no host; write 0.0.0.0:80 for all interfaces or 127.0.0.1:80'],
    ['::1:80', 'write an IPv6 address in brackets, such as [::1]:8080'],
    ['http://localhost:80', 'must be host:port alone, such as 127.0.0.1:8080'],
    ['localhost:65536', badPort],
    ['localhost:-1', badPort],
    ['localhost:http', badPort],
    ['localhost: 80', badPort],
    ['256.0.0.1:80', badHost],
    ['1.2.3:80', badHost],
    ['[:::]:80', badHost],
    ['[localhost]:80', badHost],
    ['-a.example:80', badHost],
    ['a b:80', badHost],
    [`${'a'.repeat(64)}:80`, badHost],
  ])('%j is refused', (text, fault) => {
    expect(parseAddress(text).fault).toBe(fault)
  })
})

describe('a target', () => {
  const config = (target: unknown) => ({
    mode: 'Reverse',
    listen_addr: 'a:1',
    workers: { reverse_proxy: { target } },
  })
  const notUrl = 'must be an http: or https: URL, such as "http://127.0.0.1:3000"'

  test.each([
    'http://backend:3000',
    'HTTPS://example.org',
    'http://[::1]:80/base/path',
    'http://a.example/x%20y',
  ])('%s is kept as written', (target) => {
    expect(load(config(target)).settings.workers[0]?.services[0]).toHaveProperty('target', target)
  })

  test.each([
    ['backend:3000', notUrl],
    ['ftp://backend', notUrl],
    ['http://', notUrl],
    ['http:///backend', notUrl],
    ['http://backend:99999', 'must have a port from 1 to 65535'],
    ['http://backend:0', 'must have a port from 1 to 65535'],
    ['http://user@backend', 'must have no user name or password'],
    ['http://backend/?', 'must have no query (?) and no fragment (#)'],
    ['http://backend/#x', 'must have no query (?) and no fragment (#)'],
    ['http://backend/a b', 'must have no spaces and no backslashes'],
    ['http://backend/a\\b', 'must have no spaces and no backslashes'],
    [
      `http://\${UPSTREAM}:80`,
      `must have a host name or an IP address; \${UPSTREAM} is neither; variables are not replaced here`,
    ],
    ['http://1.2', 'must name its host in plain form; write 1.0.0.2 instead of 1.2'],
    ['http://0x7f.1:8080', 'must name its host in plain form; write 127.0.0.1 instead of 0x7f.1'],
    ['http://ex%41mple', 'must name its host in plain form; write example instead of ex%41mple'],
    [
      'http://münchen.example',
      'must name its host in plain form; write xn--mnchen-3ya.example instead of münchen.example',
    ],
    ['http://a..b', 'must have a host name or an IP address; a..b is neither'],
    ['http://[fe80::1%eth0]', 'must have a host name or an IP address; [fe80::1%eth0] is neither'],
    ['http://a:80:80', 'must have a port from 1 to 65535'],
    ['http://a.test/ü', 'must have a path of ASCII characters; write it as /%C3%BC'],
  ])('%j is refused', (target, right) => {
    expect(messages(config(target))).toEqual([
      `workers.reverse_proxy.target: is the text ${JSON.stringify(target.replace('user@', '***@'))}; ${right}`,
    ])
  })
})

describe('a number', () => {
  const seconds = 'must be a number of seconds from 0.001 to 604800 (7 days)'
  test.each([
    ['drain_timeout_secs', 0, seconds],
    ['drain_timeout_secs', -1, seconds],
    ['drain_timeout_secs', 604_801, seconds],
    ['drain_timeout_secs', '30', seconds],
    ['workers.forward_proxy.max_connections', 1.5, 'must be a whole number from 1 to 1000000'],
    ['workers.forward_proxy.max_connections', 0, 'must be a whole number from 1 to 1000000'],
    ['workers.forward_proxy.worker_threads', 513, 'must be a whole number from 1 to 512'],
    ['workers.forward_proxy.max_cpu_percent', 0, 'must be a number above 0, at most 100'],
    ['workers.forward_proxy.max_cpu_percent', 100.1, 'must be a number above 0, at most 100'],
    ['workers.forward_proxy.timeouts.lifetime_secs', 0.0001, `${seconds}, or 0 for no limit`],
  ])('%s %j is refused', (path, value, right) => {
    const given = typeof value === 'string' ? `the text "${value}"` : value
    const config = path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
    const valid = { mode: 'Forward', listen_addr: 'a:1' }
    expect(messages({ ...valid, ...(config as object) })).toEqual([`${path}: is ${given}; ${right}`])
  })

  test.each(['.inf', '-.inf', '.nan', '1e999'])('%s in YAML is refused', (number) => {
    expect(messages(`mode: Forward\nlisten_addr: a:1\ndrain_timeout_secs: ${number}`)).toHaveLength(1)
  })

  test('of seconds may have a fraction and becomes whole milliseconds', () => {
    const { settings } = load({ mode: 'Forward', listen_addr: 'a:1', drain_timeout_secs: 1.2345 })
    expect(settings.drainTimeoutMs).toBe(1235)
  })
})
