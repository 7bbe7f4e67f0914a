/** Informational responses and Expect (RFC 9110 15.2, 10.1.1). */
import { type Case, get, head, post, proxies } from '../case.ts'

const final = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

/** The origin sends the final response only after the client has read the informational one. */
const relayed = (id: string, what: string, status: number, line: string, ...fields: string[]): Case => ({
  id,
  rfc: '9110 15.2',
  what,
  on: proxies,
  send: get(),
  script: { interim: head(line, ...fields), answer: final },
  expect: { statuses: [status, 200], body: 'hello', closes: false, origin: { requests: 1 } },
})

export const interimCases: readonly Case[] = [
  relayed('IN-01', '100 is relayed before the final response', 100, 'HTTP/1.1 100 Continue'),
  relayed('IN-02', '102 is relayed before the final response', 102, 'HTTP/1.1 102 Processing'),
  relayed(
    'IN-03',
    '103 is relayed before the final response',
    103,
    'HTTP/1.1 103 Early Hints',
    'Link: </a>; rel=preload',
  ),
  relayed(
    'IN-04',
    '104 is relayed before the final response',
    104,
    'HTTP/1.1 104 Upload Resumption Supported',
  ),
  relayed('IN-05', 'an unknown informational status is relayed', 199, 'HTTP/1.1 199 Odd', 'X-A: 1'),
  {
    id: 'IN-06',
    rfc: '9110 15.2',
    what: 'several informational responses are relayed in order',
    on: proxies,
    send: get(),
    script: {
      interim: `${head('HTTP/1.1 103 Early Hints')}${head('HTTP/1.1 102 Processing')}${head('HTTP/1.1 199 Odd')}`,
      answer: final,
    },
    expect: { statuses: [103, 102, 199, 200], body: 'hello', closes: false },
  },
  {
    id: 'IN-07',
    rfc: '9110 15.2',
    what: 'informational responses are not relayed to HTTP/1.0',
    on: proxies,
    send: head('GET {/} HTTP/1.0', 'Host: {host}'),
    script: { interim: head('HTTP/1.1 103 Early Hints'), answer: final },
    expect: { statuses: [200], body: 'hello', closes: true },
  },
  {
    id: 'IN-08',
    rfc: '9110 15.2',
    what: 'an informational response has no body, even with a length',
    on: proxies,
    send: get(),
    script: { interim: head('HTTP/1.1 103 Early Hints', 'Content-Length: 3'), answer: final },
    expect: { statuses: [103, 200], body: /^hello$/, closes: false },
  },
  {
    id: 'IN-09',
    rfc: '9110 15.2',
    what: 'an informational response to HEAD',
    on: proxies,
    method: 'HEAD',
    send: head('HEAD {/} HTTP/1.1', 'Host: {host}'),
    script: {
      interim: head('HTTP/1.1 103 Early Hints'),
      answer: head('HTTP/1.1 200 OK', 'Content-Length: 5'),
    },
    expect: { statuses: [103, 200], has: { 'Content-Length': '5' } },
  },
  {
    id: 'IN-10',
    rfc: '9110 15.2',
    what: 'an informational response and the final one in single bytes',
    on: proxies,
    send: get(),
    script: {
      answer: `${head('HTTP/1.1 103 Early Hints', 'Link: </a>')}${final}`,
      isDripped: true,
      isOnce: true,
    },
    expect: { statuses: [103, 200], body: /^hello$/, closes: false },
  },
  {
    id: 'EX-05',
    rfc: '9110 10.1.1',
    what: '100 of the origin is relayed once',
    on: proxies,
    send: [post(['Expect: 100-continue', 'Content-Length: 3']), 'abc'],
    script: { interim: head('HTTP/1.1 100 Continue'), answer: final },
    expect: { statuses: [100, 200], closes: false, origin: { requests: 1, body: 'abc' } },
  },
  {
    id: 'EX-06',
    rfc: '9110 10.1.1',
    what: 'a final response instead of 100 spares the body',
    on: proxies,
    send: post(['Expect: 100-continue', 'Content-Length: 3']),
    script: { answer: head('HTTP/1.1 401 Unauthorized', 'Content-Length: 0'), isEarly: true },
    expect: { statuses: [401] },
  },
  {
    id: 'EX-07',
    rfc: '9110 10.1.1',
    what: '100-continue without a body',
    on: proxies,
    send: get('Expect: 100-continue'),
    script: { answer: final },
    expect: { statuses: [200], origin: { requests: 1 } },
  },
  {
    id: 'EX-08',
    rfc: '9110 10.1.1',
    what: '100-continue and a chunked body',
    on: proxies,
    send: [post(['Expect: 100-continue', 'Transfer-Encoding: chunked']), '3\r\nabc\r\n0\r\n\r\n'],
    script: { interim: head('HTTP/1.1 100 Continue'), answer: final },
    expect: { statuses: [100, 200], closes: false, origin: { requests: 1, body: 'abc' } },
  },
]
