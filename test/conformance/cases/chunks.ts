/** Chunk extensions, trailers and sizes of chunked bodies (RFC 9112 7.1). */
import { type Case, get, head, post, proxies, served } from '../case.ts'

const chunked = 'Transfer-Encoding: chunked'

type Row = readonly [id: string, what: string, body: string]

/** The body arrives as `abc`, and the next request of the connection is served. */
const accepted = ([id, what, body]: Row): Case => ({
  id,
  rfc: '9112 7.1.1',
  what: `a chunk extension, ${what}`,
  on: proxies,
  send: post([chunked], body),
  expect: { ...served, origin: { requests: 1, body: 'abc' } },
})

/** The same extension in the origin's response. */
const relayed = ([id, what, body]: Row): Case => ({
  id,
  rfc: '9112 7.1.1',
  what: `a chunk extension of a response, ${what}`,
  on: proxies,
  send: get(),
  script: { answer: `HTTP/1.1 200 OK\r\n${chunked}\r\n\r\n${body}` },
  expect: { ...served, body: /^abc$/ },
})

const refusedChunk = ([id, what, body]: Row): Case => ({
  id,
  rfc: '9112 7.1',
  what,
  on: proxies,
  send: post([chunked], body),
  expect: { statuses: [[400, 413, 431, 502]], closes: true, origin: { requests: 0 } },
})

export const chunkCases: readonly Case[] = [
  ...(
    [
      ['CH-01', 'a name alone', '3;name\r\nabc\r\n0\r\n\r\n'],
      ['CH-02', 'white space before the semicolon', '3 ;name=value\r\nabc\r\n0\r\n\r\n'],
      ['CH-03', 'white space after the semicolon', '3; name=value\r\nabc\r\n0\r\n\r\n'],
      ['CH-04', 'white space around the equals sign', '3;name = value\r\nabc\r\n0\r\n\r\n'],
      ['CH-05', 'tabs as white space', '3\t;\tname\t=\tvalue\r\nabc\r\n0\r\n\r\n'],
      ['CH-06', 'a quoted string', '3;name="a value"\r\nabc\r\n0\r\n\r\n'],
      ['CH-07', 'a quoted string with a semicolon', '3;name="a;b=c"\r\nabc\r\n0\r\n\r\n'],
      ['CH-08', 'a quoted string with escaped quotes', '3;name="a\\"b\\\\"\r\nabc\r\n0\r\n\r\n'],
      ['CH-09', 'an empty quoted string', '3;name=""\r\nabc\r\n0\r\n\r\n'],
      ['CH-10', 'several of them', '3;a;b=c;d="e" ; f\r\nabc\r\n0\r\n\r\n'],
      ['CH-11', 'of the last chunk', '3\r\nabc\r\n0;name="value"\r\n\r\n'],
      ['CH-12', 'white space before that of the last chunk', '3\r\nabc\r\n0 ; name\r\n\r\n'],
    ] as const
  ).map(accepted),
  ...(
    [
      ['CH-13', 'white space before the semicolon', '3 ;name=value\r\nabc\r\n0\r\n\r\n'],
      ['CH-14', 'white space around the equals sign', '3;name = value\r\nabc\r\n0\r\n\r\n'],
      ['CH-15', 'a quoted string', '3;name="a;b"\r\nabc\r\n0\r\n\r\n'],
    ] as const
  ).map(relayed),
  ...(
    [
      ['CH-16', 'a chunk size of 2^64 - 1', 'FFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n'],
      ['CH-17', 'a chunk size of 2^63', '8000000000000000\r\nabc\r\n0\r\n\r\n'],
      ['CH-18', 'a chunk size that overflows 32 bits twice', '100000000100000003\r\nabc\r\n0\r\n\r\n'],
      ['CH-19', 'a chunk size of 300 digits', `${'1'.repeat(300)}\r\nabc\r\n0\r\n\r\n`],
      ['CH-20', 'a chunk size with a plus', '+3\r\nabc\r\n0\r\n\r\n'],
      ['CH-21', 'a chunk size with a minus', '-3\r\nabc\r\n0\r\n\r\n'],
      ['CH-22', 'an unfinished quoted string in a chunk extension', '3;a="b\r\nabc\r\n0\r\n\r\n'],
      ['CH-23', 'NUL in a chunk extension', '3;a=\x00\r\nabc\r\n0\r\n\r\n'],
      ['CH-24', 'LF in a chunk extension', '3;a=b\nabc\r\n0\r\n\r\n'],
      ['CH-25', 'a bare CR in a quoted string', '3;a="b\rc"\r\nabc\r\n0\r\n\r\n'],
      ['CH-26', 'a chunk extension of 100,000 bytes', `3;a=${'b'.repeat(100_000)}\r\nabc\r\n0\r\n\r\n`],
      ['CH-27', 'a last chunk without its CRLF', '3\r\nabc\r\n0\r\nGET / HTTP/1.1\r\n\r\n'],
      ['CH-28', 'white space before a chunk size', '\t3\r\nabc\r\n0\r\n\r\n'],
      ['CH-29', 'a chunk that ends with CR alone', '3\r\nabc\r0\r\n\r\n'],
      ['CH-30', 'NUL in a trailer', '3\r\nabc\r\n0\r\nX-A: a\x00b\r\n\r\n'],
      ['CH-31', 'a folded trailer', '3\r\nabc\r\n0\r\nX-A: a\r\n b\r\n\r\n'],
      ['CH-32', 'a trailer section of 100,000 bytes', `0\r\nX-A: ${'a'.repeat(100_000)}\r\n\r\n`],
      ['CH-33', 'a space before the colon of a trailer', '3\r\nabc\r\n0\r\nX-A : a\r\n\r\n'],
    ] as const
  ).map(refusedChunk),
  {
    id: 'CH-34',
    rfc: '9112 7.1.2',
    what: 'trailers of a request are forwarded',
    on: proxies,
    send: post([chunked, 'Trailer: X-Sum'], '3\r\nabc\r\n0\r\nX-Sum: 7\r\nX-Late: 8\r\n\r\n'),
    expect: { ...served, origin: { requests: 1, body: 'abc', trailers: { 'X-Sum': '7', 'X-Late': '8' } } },
  },
  {
    id: 'CH-35',
    rfc: '9112 7.1.2',
    what: 'trailers of a response are forwarded to a client that accepts them',
    on: proxies,
    send: get('TE: trailers', 'Connection: TE'),
    script: {
      answer: `HTTP/1.1 200 OK\r\n${chunked}\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n`,
    },
    expect: { ...served, body: 'hello', trailers: { 'X-Sum': '7' } },
  },
  {
    id: 'CH-36',
    rfc: '9112 7.1',
    what: 'a chunked body in single bytes',
    on: proxies,
    send: [
      ...(post([chunked]).match(/.{1,40}|[\r\n]+/g) ?? []),
      ...'3;a="b"\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n',
    ],
    expect: { ...served, origin: { requests: 1, body: 'abc', trailers: { 'X-Sum': '7' } } },
  },
  {
    id: 'CH-37',
    rfc: '9112 7.1',
    what: 'a chunked body split at every byte',
    on: proxies,
    isSplitEverywhere: true,
    send: `${head('POST {/} HTTP/1.1', 'Host: {host}', chunked)}3 ; a="b"\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n`,
    expect: { statuses: [200], body: 'hello' },
  },
  {
    id: 'CH-38',
    rfc: '9112 7.1',
    what: 'a chunked response in single bytes',
    on: proxies,
    send: get('TE: trailers', 'Connection: TE'),
    script: {
      answer: `HTTP/1.1 200 OK\r\n${chunked}\r\n\r\n3;a="b"\r\nabc\r\n0\r\nX-Sum: 7\r\n\r\n`,
      isDripped: true,
    },
    expect: { ...served, body: /^abc$/, trailers: { 'X-Sum': '7' } },
  },
]
