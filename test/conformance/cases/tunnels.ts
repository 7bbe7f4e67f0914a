/** CONNECT and Upgrade (RFC 9110 9.3.6, 7.8). */
import { type Case, get, head, proxies } from '../case.ts'

const upgrade = (...fields: readonly string[]) =>
  get(
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
    ...fields,
  )

const switching = head(
  'HTTP/1.1 101 Switching Protocols',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
)

/** A request through a tunnel. */
const inner = head('GET /b HTTP/1.1', 'Host: t')

export const tunnelCases: readonly Case[] = [
  {
    id: 'CT-01',
    rfc: '9110 9.3.6',
    what: 'CONNECT has no length and no coding',
    on: ['forward'],
    send: head('CONNECT {host} HTTP/1.1', 'Host: {host}'),
    method: 'HEAD',
    expect: { statuses: [200], lacks: ['Content-Length', 'Transfer-Encoding'] },
  },
  {
    id: 'CT-02',
    rfc: '9110 9.3.6',
    what: 'bytes after a CONNECT are the first of the tunnel',
    on: ['forward'],
    method: 'HEAD',
    send: `${head('CONNECT {host} HTTP/1.1', 'Host: {host}')}GET / HTTP/1.1\r\nHost: t\r\n\r\n`,
    expect: { statuses: [200, 200], origin: { requests: 1, line: 'GET / HTTP/1.1' } },
  },
  ...[
    ['CT-03', 'no port', '127.0.0.1'],
    ['CT-04', 'a path', '127.0.0.1:80/x'],
    ['CT-05', 'userinfo', 'u@127.0.0.1:80'],
    ['CT-06', 'a scheme', 'http://127.0.0.1:80'],
    ['CT-07', 'port 0', '127.0.0.1:0'],
    ['CT-08', 'a port beyond 65535', '127.0.0.1:65536'],
    ['CT-09', 'no host', ':80'],
    ['CT-10', 'an empty port', '127.0.0.1:'],
  ].map(
    ([id = '', what, target]): Case => ({
      id,
      rfc: '9110 9.3.6',
      what: `CONNECT with ${what}`,
      on: ['forward'],
      send: head(`CONNECT ${target} HTTP/1.1`, 'Host: 127.0.0.1'),
      expect: { statuses: [400], closes: true },
    }),
  ),
  {
    id: 'UP-01',
    rfc: '6455 4.1',
    what: 'an upgrade is switched by the origin’s 101',
    on: proxies,
    method: 'HEAD',
    send: upgrade(),
    script: { answer: switching },
    expect: {
      statuses: [101],
      has: { Upgrade: 'websocket', 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' },
    },
  },
  {
    id: 'UP-02',
    rfc: '9110 7.8',
    what: 'an upgrade that the origin declines',
    on: proxies,
    send: upgrade(),
    expect: { statuses: [200], body: 'hello' },
  },
  {
    id: 'UP-03',
    rfc: '9110 7.8',
    what: 'an upgrade that the origin refuses',
    on: proxies,
    send: upgrade(),
    script: { answer: head('HTTP/1.1 403 Forbidden', 'Content-Length: 0') },
    expect: { statuses: [403] },
  },
  {
    id: 'UP-04',
    rfc: '9110 7.8',
    what: 'a request after a declined upgrade is not treated as tunnel data',
    on: proxies,
    send: `${upgrade()}${get('X-Behind: 1')}`,
    expect: { statuses: [200], origin: { requests: 1, lacks: ['X-Behind'] } },
  },
  {
    id: 'UP-05',
    rfc: '9110 7.8',
    what: 'an upgrade to HTTP/2 is ignored',
    on: proxies,
    send: get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'),
    expect: { statuses: [200], origin: { requests: 1, lacks: ['Upgrade', 'HTTP2-Settings'] } },
  },
  {
    id: 'CT-11',
    rfc: '9110 9.3.6',
    what: 'bytes sent before the tunnel is open go through it',
    on: ['forward'],
    method: ['HEAD', 'GET', 'GET'],
    send: [head('CONNECT {host} HTTP/1.1', 'Host: {host}'), 'GET /a HTTP/1.1\r\nHo', `st: t\r\n\r\n${inner}`],
    expect: { statuses: [200, 200, 200], origin: { requests: 2, line: 'GET /b HTTP/1.1' } },
  },
  {
    id: 'CT-12',
    rfc: '9110 9.3.6',
    what: 'bytes after a refused CONNECT are not a request',
    on: ['forward'],
    send: `${head('CONNECT 127.0.0.1:0 HTTP/1.1', 'Host: 127.0.0.1')}${get()}`,
    expect: { statuses: [400], closes: true, origin: { requests: 0 } },
  },
  {
    id: 'CT-13',
    rfc: '9110 9.3.6',
    what: 'a client that ends its side of a tunnel gets the rest',
    on: ['forward'],
    method: ['HEAD', 'GET'],
    halfClose: true,
    send: `${head('CONNECT {host} HTTP/1.1', 'Host: {host}')}${inner}`,
    expect: { statuses: [200, 200], body: 'hello', closes: true, origin: { requests: 1 } },
  },
  {
    id: 'CT-14',
    rfc: '9110 9.3.6',
    what: 'CONNECT and early bytes split at every byte',
    on: ['forward'],
    method: ['HEAD', 'GET'],
    isSplitEverywhere: true,
    send: `${head('CONNECT {host} HTTP/1.1', 'Host: {host}')}${inner}`,
    expect: { statuses: [200, 200], body: 'hello' },
  },
  {
    id: 'UP-06',
    rfc: '9110 7.8',
    what: 'bytes sent with an upgrade are the first of the tunnel',
    on: proxies,
    method: 'HEAD',
    send: `${upgrade()}early`,
    script: { answer: switching, echoes: true },
    expect: { statuses: [101], followedBy: 'early' },
  },
  {
    id: 'UP-07',
    rfc: '9110 7.8',
    what: 'bytes sent with the 101 are the first of the tunnel',
    on: proxies,
    method: 'HEAD',
    send: upgrade(),
    script: { answer: `${switching}first` },
    expect: { statuses: [101], followedBy: 'first' },
  },
]
