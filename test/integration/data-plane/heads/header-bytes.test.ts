import { once } from 'node:events'
import type { Socket } from 'node:net'
import * as tls from 'node:tls'
import { createServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { H2Client } from '../../../kit/clients/h2-client.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startRawOrigin, startScriptedOrigin } from '../../../kit/origins/origin.ts'
import { selfSigned } from '../../../kit/tls/self-signed.ts'

/** Bytes above 127 in heads: a proxy forwards them unchanged (RFC 9110 5.5), in both directions. */
const upgrade = ['Host: client.test', 'Connection: Upgrade', 'Upgrade: websocket']

/** Every byte above 127 that a field value may contain. */
const high = Buffer.from(Array.from({ length: 128 }, (_, at) => at + 128)).toString('latin1')

test('a switch forwards fields and reason unchanged, both ways', async () => {
  let seen = ''
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
      if (!seen.endsWith('\r\n\r\n')) return
      const fields = `Connection: Upgrade\r\nUpgrade: websocket\r\nX-High: ${high}\r\nx-TWICE: 1\r\nx-TWICE: 2`
      socket.write(`HTTP/1.1 101 Sw\xeftched ${high}\r\n${fields}\r\n\r\n`, 'latin1')
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade, `X-High: ${high}`)
  const head = await client.responseHead()
  expect(head).toMatchObject({ status: 101, statusText: `Sw\xeftched ${high}` })
  expect(head.get('x-high')).toBe(high)
  // In the spelling and order of the upstream.
  expect(head.rawHeaders.filter((name) => name === 'x-TWICE').length).toBe(2)
  expect(seen.toLowerCase()).toContain(`x-high: ${high.toLowerCase()}`)
  expect(seen).toContain(high)
})

test('a declined upgrade forwards fields and reason unchanged', async () => {
  const answer = `HTTP/1.1 403 N\xf6 ${high}\r\nX-High: ${high}\r\nContent-Length: 0\r\n\r\n`
  await using origin = await startScriptedOrigin(answer)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  const head = await client.response()
  expect(head.statusText).toBe(`N\xf6 ${high}`)
  expect(head.get('x-high')).toBe(high)
})

const shapes: readonly (readonly [string, string, string])[] = [
  ['that comes with its body', 'Content-Length: 5\r\n\r\nhello', ''],
  ['that comes before its body', 'Content-Length: 5\r\n\r\n', 'hello'],
  ['that comes before its chunks', 'Transfer-Encoding: chunked\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n'],
  ['with a body of two pieces', 'Content-Length: 5\r\n\r\nhe', 'llo'],
]

test.each(shapes)('a head %s has its fields and reason forwarded unchanged', async (_, first, rest) => {
  let upstream: Socket | undefined
  let seen = ''
  await using origin = await startRawOrigin((socket) => {
    upstream = socket
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
      socket.write(`HTTP/1.1 200 \xd6K ${high}\r\nX-High: ${high}\r\n${first}`, 'latin1')
      if (rest === '') socket.end()
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a', `X-High: ${high}`)
  // It must not wait for the body.
  const head = await client.until('\r\n\r\n')
  expect(head).toContain(`HTTP/1.1 200 \xd6K ${high}\r\n`)
  expect(head).toContain(`X-High: ${high}\r\n`)
  expect(seen).toContain(`X-High: ${high}\r\n`)
  upstream?.write(rest)
  if (rest !== '') expect(await client.until('o')).toContain(rest.startsWith('5') ? 'hello' : 'o')
})

test('bytes of informational responses and trailers are forwarded unchanged', async () => {
  const answer =
    `HTTP/1.1 103 Early Hints\r\nX-Early: ${high}\r\n\r\n` +
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Late: ${high}\r\n\r\n`
  await using origin = await startScriptedOrigin(answer)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).get('x-early')).toBe(high)
  expect((await client.response()).trailers).toEqual(['X-Late', high])
})

test('bytes of HTTP/2 fields are forwarded unchanged, both ways', async () => {
  let seen = ''
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1')
      socket.end(`HTTP/1.1 200 OK\r\nX-High: ${high}\r\nContent-Length: 0\r\n\r\n`, 'latin1')
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { cleartext: 'h2' })
  using client = await H2Client.connect(proxy.port)
  const answer = await client.get('/', { 'x-high': high })
  expect(answer.headers['x-high']).toBe(high)
  expect(seen).toContain(`x-high: ${high}\r\n`)
})

test.each([
  ['that is UTF-8 is forwarded unchanged', Buffer.from('Schön'), Buffer.from('Schön').toString('latin1')],
  ['that is not UTF-8 is forwarded unchanged', Buffer.from('Sch\xf6n', 'latin1'), 'Sch\xf6n'],
])('a reason of an https upstream %s, and so are its fields', async (_, reason, expected) => {
  const before = tls.getCACertificates('default')
  tls.setDefaultCACertificates([...before, selfSigned.cert])
  onTestFinished(() => tls.setDefaultCACertificates(before))
  const server = createServer(selfSigned, (socket) => {
    socket.once('data', () => {
      const fields = Buffer.from(`X-High: ${high}\r\nContent-Length: 0\r\n\r\n`, 'latin1')
      socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 '), reason, Buffer.from('\r\n'), fields]))
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await using proxy = await startEdge(reverseTo(`https://127.0.0.1:${port}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  const head = await client.response()
  expect(head).toMatchObject({ status: 200, statusText: expected })
  expect(head.get('x-high')).toBe(high)
})
