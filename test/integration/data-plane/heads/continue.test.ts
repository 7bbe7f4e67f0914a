import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin, startScriptedOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const ask = ['POST / HTTP/1.1', 'Host: a', 'Content-Length: 4', 'Expect: 100-continue']
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('a client that waits for a 100 gets it when the upstream sends one', async () => {
  let seen = ''
  let answer = (_bytes: string): void => {}
  await using origin = await startRawOrigin((socket) => {
    answer = (bytes) => void socket.write(bytes)
    socket.on('data', (piece) => {
      seen += piece.toString('latin1')
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head(...ask)
  await until('the origin is asked', () => seen.endsWith('\r\n\r\n'))
  expect(seen).toMatch(/\r\nExpect: 100-continue\r\n/)
  expect(client.pending.length).toBe(0)
  answer('HTTP/1.1 100 Continue\r\n\r\n')
  expect((await client.responseHead()).status).toBe(100)
  client.send('body')
  await until('the body arrives', () => seen.endsWith('\r\n\r\nbody'))
  answer(ok)
  expect((await client.response()).text).toBe('ok')
  client.head(...ask)
  await until('the connection stays open', () => seen.split('Expect').length === 3)
  answer('HTTP/1.1 100 Continue\r\n\r\n')
  expect((await client.responseHead()).status).toBe(100)
})

for (const status of [401, 413, 417]) {
  test(`an upstream's early ${status} reaches a client before it sends its body`, async () => {
    await using origin = await startScriptedOrigin(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`, {
      keepOpen: true,
    })
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head(...ask)
    const response = await client.response()
    expect(response.status).toBe(status)
    expect(response.text).toBe('no')
    expect(response.get('connection')).toBe('close')
    await client.ended()
    await until(
      'the upstream connection, which may still expect the body, is closed',
      () => origin.sockets.size === 0,
    )
  })
}

test('an upstream that never sends a 100 gets the body after a while', async () => {
  let seen = ''
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', (piece) => {
      seen += piece.toString('latin1')
      if (seen.endsWith('body')) socket.write(ok)
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head(...ask)
  expect((await client.responseHead()).status).toBe(100)
  client.send('body')
  expect((await client.response()).text).toBe('ok')
})

test('a client that sends its body without waiting for the 100 is served', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(await seen.body))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head(...ask).send('body')
  expect((await client.responseHead()).status).toBe(100)
  expect((await client.response()).text).toBe('body')
})

test('an HTTP/1.0 client is never sent a 100', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(await seen.body))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.0', 'Content-Length: 4', 'Expect: 100-continue').send('body')
  expect((await client.response()).text).toBe('body')
})

test('a client that waits for a 100 is answered at once if the upstream cannot be reached', async () => {
  await using origin = await startRawOrigin(() => {})
  await origin.close()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head(...ask)
  expect((await client.response()).status).toBe(502)
})

test('trailers of a chunked upload arrive, except fields that must not be trailers', async () => {
  let seen = ''
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', (piece) => {
      seen += piece.toString('latin1')
      if (/\r\n0\r\n.*\r\n\r\n$/s.test(seen)) socket.write(ok)
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', 'TE: trailers', 'Connection: TE')
  client.send('2\r\nok\r\n0\r\nX-Sum: 7\r\nHost: b\r\nAuthorization: x\r\nX-Late: 8\r\n\r\n')
  expect((await client.response()).text).toBe('ok')
  expect(seen).toMatch(/\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nX-Late: 8\r\n\r\n$/)
  expect(seen).toMatch(/\r\nConnection: keep-alive, TE\r\n/)
})
