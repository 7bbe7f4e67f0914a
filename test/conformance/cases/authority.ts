import { type Case, declined, everywhere, head, origins, proxies, served } from '../case.ts'

const start = (line: string) => head(line, 'Host: {host}')

/** Absolute-form and the authority in it (RFC 9112 3.2.2, RFC 3986 3.2). */
export const authorityCases: readonly Case[] = [
  {
    id: 'RL-31',
    rfc: '9110 4.2.4',
    what: 'userinfo in absolute-form',
    on: proxies,
    send: start('GET http://user:secret@{host}/ HTTP/1.1'),
    expect: declined(400),
  },
  {
    id: 'RL-32',
    rfc: '9112 3.2.2',
    what: 'a scheme that is not ours',
    on: everywhere,
    send: start('GET ftp://{host}/ HTTP/1.1'),
    expect: declined(400),
  },
  {
    id: 'RL-33',
    rfc: '9110 4.2.1',
    what: 'absolute-form with an empty host',
    on: everywhere,
    send: start('GET http:///path HTTP/1.1'),
    expect: declined(400),
  },
  {
    id: 'RL-34',
    rfc: '9112 3.2.2',
    what: 'the authority of absolute-form wins over Host',
    on: proxies,
    send: head('GET http://{host}/ HTTP/1.1', 'Host: other.test'),
    expect: { ...served, origin: { requests: 1, has: { Host: /^127\.0\.0\.1:\d+$/ } } },
  },
  {
    id: 'RL-35',
    rfc: '9112 3.2.2',
    what: 'absolute-form to a server',
    on: origins,
    send: start('GET http://{host}/ HTTP/1.1'),
    expect: { ...served, origin: { requests: 1, line: /^GET \/ HTTP\/1\.1$/ } },
  },
  {
    id: 'RL-36',
    rfc: '9112 3.2.1',
    what: 'absolute-form without a path',
    on: proxies,
    send: start('GET http://{host} HTTP/1.1'),
    expect: { ...served, origin: { requests: 1, line: /^GET \/ HTTP/ } },
  },
  {
    id: 'RL-37',
    rfc: '9112 3.2.1',
    what: 'absolute-form without a path but with a query',
    on: proxies,
    send: start('GET http://{host}?q HTTP/1.1'),
    expect: { ...served, origin: { requests: 1, line: /^GET \/\?q HTTP/ } },
  },
  {
    id: 'RL-38',
    rfc: '9110 4.2.1',
    what: 'a scheme in upper case',
    on: proxies,
    send: start('GET HTTP://{host}/ HTTP/1.1'),
    expect: served,
  },
  ...[
    ['RL-39', 'port 0', 'h.test:0'],
    ['RL-40', 'port 65536', 'h.test:65536'],
    ['RL-41', 'letters for a port', 'h.test:x'],
    ['RL-42', 'a backslash', '127.0.0.1\\@h.test'],
    ['RL-43', 'an IPv4 address of two numbers', '127.1'],
    ['RL-44', 'an IPv4 address in hexadecimal', '0x7f.0.0.1'],
    ['RL-45', 'an IPv4 address as one number', '2130706433'],
    ['RL-46', 'percent-encoding', '127.0.0.%31'],
    ['RL-47', 'an IPv6 zone', '[fe80::1%25eth0]'],
    ['RL-48', 'an IPv6 address without brackets', '::1'],
    ['RL-49', 'a broken bracket', '[::1'],
    ['RL-50', 'an empty label', 'a..b'],
  ].map(
    ([id = '', what, authority]): Case => ({
      id,
      rfc: '3986 3.2.2',
      what: `${what} in the authority`,
      on: proxies,
      send: start(`GET http://${authority}/ HTTP/1.1`),
      expect: declined(400),
    }),
  ),
]
