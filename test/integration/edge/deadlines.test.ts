import { expect, test } from 'vitest'
import { reverseTo, startEdge } from '../../kit/edge.ts'
import { startOrigin } from '../../kit/origin.ts'
import { RawClient } from '../../kit/raw-client.ts'

const short = { timeouts: { headerMs: 200, idleMs: 5_000 } }

test('a head that is only half sent is answered with 408 and closed', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  client.send('GET / HTTP/1.1\r\nHost: a\r\nX-Half')
  const response = await client.response()
  expect(response.status).toBe(408)
  expect(response.get('connection')).toBe('close')
  await client.ended()
  expect(origin.seen).toHaveLength(0)
})

test('a second head on the same connection has the deadline as well', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(200)
  client.send('GET /half')
  expect((await client.response()).status).toBe(408)
  await client.ended()
})

test('a connection without a byte is closed without a word', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  expect((await client.rest()).length).toBe(0)
})

test('a body that takes longer than the header deadline is not cut', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => {
    res.end(await seen.body)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 6')
  for (const piece of ['a', 'b', 'c', 'd', 'e', 'f']) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    client.send(piece)
  }
  expect((await client.response()).text).toBe('abcdef')
})

test('a kept connection is closed when it has been idle', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { timeouts: { idleMs: 200, headerMs: 5_000 } }),
  )
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(200)
  const startedAt = performance.now()
  await client.ended()
  expect(performance.now() - startedAt).toBeGreaterThan(150)
})

test('an over-large head is answered with 431', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a', `X: ${'x'.repeat(20_000)}`)
  expect((await client.response()).status).toBe(431)
  await client.ended()
})

test('what is no HTTP is answered with 400 and closed', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.send('\x16\x03\x01 nonsense\r\n\r\n')
  const response = await client.response()
  expect(response.status).toBe(400)
  expect(response.get('connection')).toBe('close')
})

test('a socket that was accepted paused, with its request waiting, is served', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { pauseOnConnect: true })
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).text).toBe('hello')
})
