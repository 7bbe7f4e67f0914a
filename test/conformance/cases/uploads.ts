/** Final responses that arrive while the client still uploads (RFC 9112 9.3, 9.6). */
import { type Case, everywhere, get, head, post, proxies } from '../case.ts'

const size = 1_000_000
const body = 'x'.repeat(size)
const chunkedBody = `${size.toString(16)}\r\n${body}\r\n0\r\n\r\n`
const early = (line: string, ...fields: readonly string[]) => ({
  answer: head(line, ...fields, 'Content-Length: 0'),
  isEarly: true,
  isOnce: true,
})

/**
 * The client reads the response although it has not finished its upload; then the connection serves another
 * request, or it ends as announced and not by a reset, which could destroy the response.
 */
export const uploadCases: readonly Case[] = [
  {
    id: 'UL-01',
    rfc: '9112 9.6',
    what: 'an origin that refuses and keeps its connection',
    on: proxies,
    send: post([`Content-Length: ${size}`], body),
    script: early('HTTP/1.1 403 Forbidden'),
    expect: { statuses: [403], closes: 'announced' },
  },
  {
    id: 'UL-02',
    rfc: '9112 9.6',
    what: 'an origin that refuses and ends its connection',
    on: proxies,
    send: post([`Content-Length: ${size}`], body),
    script: { ...early('HTTP/1.1 413 Too Large', 'Connection: close'), after: 'end' },
    expect: { statuses: [413], closes: 'announced' },
  },
  {
    id: 'UL-03',
    rfc: '9112 9.6',
    what: 'a chunked upload that the origin refuses',
    on: proxies,
    send: post(['Transfer-Encoding: chunked'], chunkedBody),
    script: early('HTTP/1.1 403 Forbidden'),
    expect: { statuses: [403], closes: 'announced' },
  },
  {
    id: 'UL-04',
    rfc: '9112 9.6',
    what: 'an upload whose rest follows the response',
    on: proxies,
    send: [post([`Content-Length: ${size}`], body.slice(0, 1_000)), body.slice(1_000)],
    script: early('HTTP/1.1 403 Forbidden'),
    expect: { statuses: [403], closes: 'announced' },
  },
  {
    id: 'UL-05',
    rfc: '9112 9.6',
    what: 'an upload to a file that does not exist',
    on: ['static'],
    send: head('GET /none HTTP/1.1', 'Host: a', `Content-Length: ${size}`) + body,
    expect: { statuses: [404], closes: 'announced' },
  },
  {
    id: 'UL-06',
    rfc: '9112 9.6',
    what: 'an upload that the proxy itself refuses',
    on: everywhere,
    send: head('POST {/#a} HTTP/1.1', 'Host: {host}', `Content-Length: ${size}`) + body,
    expect: { statuses: [400], closes: 'announced', origin: { requests: 0 } },
  },
  {
    id: 'UL-07',
    rfc: '9112 9.3',
    what: 'a request after an upload that was answered early',
    on: proxies,
    send: [post(['Content-Length: 3'], 'a'), `bc${get()}`],
    script: early('HTTP/1.1 403 Forbidden'),
    expect: { statuses: [403] },
  },
]
