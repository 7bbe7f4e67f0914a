/** Heads, targets and numbers that are too large (RFC 9112 3, 5; RFC 9110 8.6). */
import { type Case, everywhere, get, head, post, proxies, refused, served } from '../case.ts'

const fields = (count: number) => Array.from({ length: count }, (_, at) => `X-${at}: 1`)

/** The defaults: 16 KiB for a head, 100 fields, 8 KiB for a target. */
export const sizeCases: readonly Case[] = [
  {
    id: 'SZ-01',
    rfc: '6585 5',
    what: 'a field of 20,000 bytes',
    on: everywhere,
    send: get(`X-A: ${'a'.repeat(20_000)}`),
    expect: refused(431),
  },
  {
    id: 'SZ-02',
    rfc: '6585 5',
    what: 'a field name of 20,000 bytes',
    on: everywhere,
    send: get(`${'a'.repeat(20_000)}: 1`),
    expect: refused(431),
  },
  {
    id: 'SZ-03',
    rfc: '6585 5',
    what: 'a head of a megabyte',
    on: everywhere,
    send: get(`X-A: ${'a'.repeat(1_000_000)}`),
    expect: refused(431),
  },
  {
    id: 'SZ-04',
    rfc: '6585 5',
    what: 'a field of 20,000 bytes that does not end',
    on: everywhere,
    send: `GET {/} HTTP/1.1\r\nHost: {host}\r\nX-A: ${'a'.repeat(20_000)}`,
    expect: refused(431),
  },
  {
    id: 'SZ-05',
    rfc: '6585 5',
    what: '200 fields',
    on: everywhere,
    send: get(...fields(200)),
    expect: refused(431),
  },
  {
    id: 'SZ-06',
    rfc: '9112 5',
    what: '60 fields are forwarded in their order',
    on: proxies,
    send: get(...fields(60)),
    expect: { ...served, origin: { requests: 1, has: { 'X-0': '1', 'X-59': '1' } } },
  },
  {
    id: 'SZ-07',
    rfc: '9110 15.5.15',
    what: 'a target of 9,000 bytes',
    on: everywhere,
    send: head(`GET {/${'a'.repeat(9_000)}} HTTP/1.1`, 'Host: {host}'),
    expect: { statuses: [414], closes: 'announced', origin: { requests: 0 } },
  },
  {
    id: 'SZ-08',
    rfc: '9110 15.5.15',
    what: 'a target of 100,000 bytes',
    on: everywhere,
    send: head(`GET {/${'a'.repeat(100_000)}} HTTP/1.1`, 'Host: {host}'),
    expect: refused(414, 431),
  },
  {
    id: 'SZ-09',
    rfc: '9112 3',
    what: 'a target of 8,000 bytes is forwarded',
    on: proxies,
    send: head(`GET {/${'a'.repeat(8_000)}} HTTP/1.1`, 'Host: {host}'),
    expect: { ...served, origin: { requests: 1, line: `GET /${'a'.repeat(8_000)} HTTP/1.1` } },
  },
  {
    id: 'SZ-10',
    rfc: '9112 3',
    what: 'a request line without end',
    on: everywhere,
    send: 'a'.repeat(100_000),
    expect: refused(400, 414, 431, 501),
  },
  {
    id: 'SZ-11',
    rfc: '9112 2.2',
    what: 'a head of empty lines',
    on: everywhere,
    send: `${'\r\n'.repeat(50_000)}X`,
    expect: { statuses: [[400, 431]], closes: true, origin: { requests: 0 } },
  },
  ...[
    ['SZ-12', 'of 300 digits', '1'.repeat(300)],
    ['SZ-13', 'of 2^64 - 1', '18446744073709551615'],
    ['SZ-14', 'of 2^64 + 3', '18446744073709551619'],
  ].map(
    ([id = '', what, value]): Case => ({
      id,
      rfc: '9110 8.6',
      what: `a length ${what}`,
      on: proxies,
      send: post([`Content-Length: ${value}`], 'abc'),
      expect: refused(400, 413),
    }),
  ),
  {
    id: 'SZ-15',
    rfc: '9110 8.6',
    what: 'a length with zeros before it',
    on: proxies,
    send: post(['Content-Length: 0003'], 'abc'),
    expect: { ...served, origin: { requests: 1, body: 'abc' } },
  },
]
