/** Responses that HTTP/1.1 allows and HTTP/2 forbids (RFC 9113 8.2). */
import type { AddressInfo, Socket } from 'node:net'
import tls, { createServer } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { H2Client } from '../../kit/clients/h2-client.ts'
import { forwardTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startScriptedOrigin } from '../../kit/origins/origin.ts'
import { selfSigned } from '../../kit/tls/self-signed.ts'

const trusted = tls.getCACertificates('default')
beforeAll(() => tls.setDefaultCACertificates([...trusted, selfSigned.cert]))
afterAll(() => tls.setDefaultCACertificates(trusted))

type Upstream = { readonly url: string } & AsyncDisposable

async function plain(answer: string): Promise<Upstream> {
  const origin = await startScriptedOrigin(answer)
  return { url: `http://${origin.authority}`, [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose]() }
}

async function encrypted(answer: string): Promise<Upstream> {
  const sockets = new Set<Socket>()
  const server = createServer(selfSigned, (socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.once('data', () => socket.end(answer, 'latin1'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function ask(start: typeof plain, answer: readonly string[], body = '') {
  await using upstream = await start(`${answer.join('\r\n')}\r\n\r\n${body}`)
  await using proxy = await startEdge(forwardTo(), { cleartext: 'h2' })
  using client = await H2Client.connect(proxy.port)
  const { protocol, host } = new URL(upstream.url)
  const first = await client.get('/', { ':scheme': protocol.slice(0, -1), ':authority': host })
  // The connection must still be usable.
  expect(client.isClosed).toBe(false)
  expect(client.goaways).toEqual([])
  return first
}

const ok = 'HTTP/1.1 200 OK'
const one = 'Content-Length: 1'

for (const [name, start] of [
  ['http', plain],
  ['https', encrypted],
] as const) {
  test(`${name}: values are trimmed and names are lower-case`, async () => {
    const hints = ['HTTP/1.1 103 Early Hints', 'Link: </a> \t', '']
    const fields = ['X-After: a \t ', 'X-BEFORE: \t b', 'X-None:  \t ', 'X-Inside: a \t b', 'Via: 1.1 other ']
    const answer = await ask(
      start,
      [...hints, ok, ...fields, 'X-Request-Id: id ', one].filter((_, at) => name === 'http' || at > 2),
      'z',
    )
    expect(answer).toMatchObject({ status: 200, text: 'z', isWhole: true })
    expect(answer.headers).toMatchObject({
      'x-after': 'a',
      'x-before': 'b',
      'x-none': '',
      'x-inside': 'a \t b',
      'x-request-id': 'id',
      via: '1.1 other, 1.1 bifrost-test',
    })
    if (name === 'http') expect(answer.informed[0]).toMatchObject({ link: '</a>' })
  })

  test(`${name}: the same holds for trailers`, async () => {
    const body = '1\r\nz\r\n0\r\nX-Sum: 1 \t\r\nX-SUM-2: \t2\r\nConnection: x \r\n\r\n'
    const answer = await ask(start, [ok, 'Transfer-Encoding: chunked'], body)
    expect(answer).toMatchObject({ status: 200, text: 'z', isWhole: true })
    expect(answer.trailers).toMatchObject({ 'x-sum': '1', 'x-sum-2': '2' })
    expect(answer.trailers['connection']).toBeUndefined()
  })

  test(`${name}: connection-specific fields are dropped`, async () => {
    const fields = [
      'Connection: close, x-own',
      'X-Own: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: close',
      'Upgrade: h2c',
      'HTTP2-Settings: x',
      'TE: trailers',
    ]
    const answer = await ask(start, [ok, ...fields, one], 'z')
    expect(answer).toMatchObject({ status: 200, text: 'z', isWhole: true })
    const seen = ['connection', 'x-own', 'keep-alive', 'proxy-connection', 'upgrade', 'http2-settings', 'te']
    expect(seen.filter((field) => field in answer.headers)).toEqual([])
  })

  test.each([
    ['a control character in a value', [ok, 'X-A: a\x01b', one]],
    ['NUL in a value', [ok, 'X-A: a\0b', one]],
    ['DEL in a value', [ok, 'X-A: a\x7fb', one]],
    ['a bare CR in a value', [ok, 'X-A: a\rb', one]],
    ['a pseudo-field', [ok, ':status: 201', one]],
    ['a space in a name', [ok, 'X A: b', one]],
    ['status 600', ['HTTP/1.1 600 Odd', one]],
    ['status 999', ['HTTP/1.1 999 Odd', one]],
    ['status 099', ['HTTP/1.1 099 Odd', one]],
    ['status 101', ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: x']],
  ])(`${name}: %s counts as a broken upstream, and the client gets a valid 502`, async (_, head) => {
    const answer = await ask(start, head, 'z')
    expect(answer).toMatchObject({ status: 502, isWhole: true })
    expect(answer.headers['x-a']).toBeUndefined()
  })
}
