/** Every request of a connection is read as strictly as the first one (RFC 9112 2.2, 3, 5). */
import { type Case, everywhere, get, head, post, proxies } from '../case.ts'

const host = 'Host: {host}'

const rows: readonly (readonly [id: string, rfc: string, what: string, bytes: string])[] = [
  ['LT-01', '9112 3', 'two spaces before the target', head('GET  {/} HTTP/1.1', host)],
  ['LT-02', '9112 3', 'two spaces before the version', head('GET {/}  HTTP/1.1', host)],
  ['LT-03', '9112 3', 'a space after the version', head('GET {/} HTTP/1.1 ', host)],
  ['LT-04', '9112 3', 'a space before the method', head(' GET {/} HTTP/1.1', host)],
  ['LT-05', '9112 3', 'a tab instead of a space', head('GET\t{/} HTTP/1.1', host)],
  ['LT-06', '9112 2.2', 'lines that end with LF alone', 'GET {/} HTTP/1.1\nHost: {host}\n\n'],
  ['LT-07', '9112 2.2', 'a bare CR in the request line', head('GET {/}\rHTTP/1.1', host)],
  ['LT-08', '9112 2.2', 'a bare CR at the end of the request line', `GET {/} HTTP/1.1\rHost: {host}\r\n\r\n`],
  ['LT-09', '9112 3.2', 'NUL in the target', head('GET {/a\x00b} HTTP/1.1', host)],
  ['LT-10', '9112 3.2', 'raw UTF-8 in the target', head('GET {/\xc3\xa4} HTTP/1.1', host)],
  ['LT-11', '9112 2.3', 'no version', 'GET {/}\r\n\r\n'],
  ['LT-12', '9110 15.6.6', 'HTTP/2.0', head('GET {/} HTTP/2.0', host)],
  ['LT-13', '9112 5.2', 'a folded field', get('X-A: a', ' b')],
  ['LT-14', '9110 5.5', 'NUL in a value', get('X-A: a\x00b')],
  ['LT-15', '9110 5.5', 'a bare CR in a value', get('X-A: a\rb')],
  ['LT-16', '9112 5.1', 'a space before the colon', get('X-A : a')],
  [
    'LT-18',
    '9112 6.1',
    'a length and chunked',
    `${get('Content-Length: 3', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  ],
  ['LT-19', '9110 8.6', 'a length with a plus', `${get('Content-Length: +3')}abc`],
  ['LT-20', '9110 8.6', 'a length with a minus', `${get('Content-Length: -3')}abc`],
  ['LT-21', '9112 2.2', 'bytes that are not HTTP', '\x16\x03\x01\x00\xa5\x01\x00\x00\r\n\r\n'],
  ['LT-22', '9112 2.2', 'a line of text', 'hello\r\n\r\n'],
  ['LT-23', '9113 3.4', 'the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
]

/** The first request is answered, and the second one ends the connection. */
const refusedLater = ([id, rfc, what, bytes]: (typeof rows)[number]): Case => ({
  id,
  rfc,
  what: `the second request has ${what}`,
  on: everywhere,
  send: `${get()}${bytes}`,
  expect: { statuses: [200, [400, 505]], closes: true, origin: { requests: 1 } },
})

export const laterCases: readonly Case[] = [
  ...rows.map(refusedLater),
  {
    id: 'LT-17',
    rfc: '9112 3.2',
    what: 'the second request has two Host fields',
    on: everywhere,
    send: `${get()}${get(host)}`,
    // Its end is clear, so that the connection may go on.
    expect: { statuses: [200, 400], closes: 'announced', origin: { requests: 1 } },
  },
  {
    id: 'LT-24',
    rfc: '9112 3',
    what: 'the second request, sent after the first answer, has two spaces',
    on: everywhere,
    send: [get(), head('GET  {/} HTTP/1.1', host)],
    expect: { statuses: [200, 400], closes: true, origin: { requests: 1 } },
  },
  {
    id: 'LT-25',
    rfc: '9112 3',
    what: 'the request after an upload has two spaces',
    on: proxies,
    send: `${post(['Content-Length: 3'], 'abc')}${head('GET  {/} HTTP/1.1', host)}`,
    expect: { statuses: [200, 400], closes: true, origin: { requests: 1 } },
  },
  {
    id: 'LT-26',
    rfc: '9112 2.2',
    what: 'nothing is served after a refused request',
    on: everywhere,
    send: `${get()}${head('GET  {/} HTTP/1.1', host)}${get()}`,
    expect: { statuses: [200, 400], closes: true, origin: { requests: 1 } },
  },
  {
    id: 'LT-27',
    rfc: '9112 2.2',
    what: 'an empty line between two requests',
    on: everywhere,
    send: `${get()}\r\n${get()}`,
    expect: { statuses: [200, 200], closes: false },
  },
  {
    id: 'LT-28',
    rfc: '9112 2.2',
    what: 'an empty line after an upload, as old clients send it',
    on: proxies,
    send: `${post(['Content-Length: 3'], 'abc')}\r\n${get()}`,
    expect: { statuses: [200, 200], closes: false, origin: { requests: 2, body: '' } },
  },
  {
    id: 'LT-29',
    rfc: '9112 2.2',
    what: 'a body longer than its length begins the next request',
    on: proxies,
    send: post(['Content-Length: 3'], 'abcdef\r\n\r\n'),
    expect: { statuses: [200, 400], closes: true, origin: { requests: 1, body: 'abc' } },
  },
]
