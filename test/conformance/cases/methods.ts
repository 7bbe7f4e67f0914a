/** Methods that the proxy does not know (RFC 9110 9.1). */
import { type Case, declined, everywhere, head, proxies, refused, served } from '../case.ts'

const start = (line: string) => head(line, 'Host: {host}')

/** A method is any token. A proxy forwards one that it does not know; a static worker declines it. */
const methods: readonly (readonly [id: string, what: string, method: string])[] = [
  ['RL-52', 'an unknown method', 'BREW'],
  ['RL-02', 'a method in lower case is another method', 'get'],
  ['ME-01', 'a method of one letter', 'X'],
  ['ME-02', 'a method with all characters of a token', "!#$%&'*+-.^_`|~0aZ"],
  ['ME-03', 'a method that begins like a known one', 'GETS'],
  ['ME-04', 'a known method and more', 'POST-IT'],
  ['ME-05', 'a method of 64 letters', 'M'.repeat(64)],
  ['ME-06', 'a method of WebDAV', 'VERSION-CONTROL'],
  ['ME-07', 'QUERY', 'QUERY'],
  ['ME-08', 'PATCH', 'PATCH'],
  ['ME-09', 'a method of RTSP, which is any method here', 'DESCRIBE'],
]

const forwarded = ([id, what, method]: (typeof methods)[number]): Case => ({
  id,
  rfc: '9110 9.1',
  what,
  on: proxies,
  send: start(`${method} {/} HTTP/1.1`),
  expect: { ...served, origin: { requests: 1, line: `${method} / HTTP/1.1` } },
})

export const methodCases: readonly Case[] = [
  ...methods.map(forwarded),
  {
    id: 'ME-10',
    rfc: '9110 9.1',
    what: 'an unknown method for a file',
    on: ['static'],
    send: start('BREW {/} HTTP/1.1'),
    expect: declined(405, 501),
  },
  {
    id: 'ME-11',
    rfc: '9110 9.1',
    what: 'a method in lower case for a file',
    on: ['static'],
    send: start('get {/} HTTP/1.1'),
    expect: declined(405, 501),
  },
  {
    id: 'ME-12',
    rfc: '9110 9.1',
    what: 'an unknown method with a body',
    on: proxies,
    send: `${head('BREW {/} HTTP/1.1', 'Host: {host}', 'Content-Length: 3')}abc`,
    expect: { ...served, origin: { requests: 1, line: /^BREW /, body: 'abc' } },
  },
  {
    id: 'ME-13',
    rfc: '9110 9.1',
    what: 'an unknown method and a chunked body',
    on: proxies,
    send: `${head('BREW {/} HTTP/1.1', 'Host: {host}', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`,
    expect: { ...served, origin: { requests: 1, line: /^BREW /, body: 'abc' } },
  },
  {
    id: 'ME-14',
    rfc: '9112 6.3',
    what: 'an unknown method without a length has no body',
    on: proxies,
    send: `${start('BREW {/} HTTP/1.1')}${start('BREW {/} HTTP/1.1')}`,
    expect: { statuses: [200, 200], closes: false, origin: { requests: 2, body: '' } },
  },
  ...[
    ['ME-15', 'a parenthesis', 'GE(T'],
    ['ME-16', 'a colon', 'GE:T'],
    ['ME-17', 'a slash', 'GE/T'],
    ['ME-18', 'NUL', 'GE\x00T'],
    ['ME-19', 'a byte above 127', 'GE\xe4T'],
    ['ME-20', 'DEL', 'GE\x7fT'],
  ].map(
    ([id = '', what, method]): Case => ({
      id,
      rfc: '9110 9.1',
      what: `${what} in a method`,
      on: everywhere,
      send: start(`${method} {/} HTTP/1.1`),
      expect: refused(400, 501),
    }),
  ),
]
