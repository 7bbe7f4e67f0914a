import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const short = { timeouts: { headerMs: 200, idleMs: 5_000 } }

test('an incomplete head is answered with 408 and closed', async () => {
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

test('a second head on the same connection has the same deadline', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(200)
  client.send('GET /half')
  expect((await client.response()).status).toBe(408)
  await client.ended()
})

test('a connection that sends no byte is closed without an answer', async () => {
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

test('a kept connection is closed after the idle timeout', async () => {
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

test('bytes that are not HTTP are answered with 400 and the connection is closed', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.send('\x16\x03\x01 nonsense\r\n\r\n')
  const response = await client.response()
  expect(response.status).toBe(400)
  expect(response.get('connection')).toBe('close')
})

test('a socket accepted in paused state with a pending request is served', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { pauseOnConnect: true })
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).text).toBe('hello')
})

test('an exchange that takes too long gets a 504, or a 408 if the client still sends', async () => {
  await using origin = await startOrigin(() => {})
  const tuning = { pace: { exchangeMs: 400 } }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, tuning))
  using client = await RawClient.connect(proxy.port)
  const startedAt = performance.now()
  const response = await client.get('/')
  expect(performance.now() - startedAt).toBeGreaterThan(390)
  expect(response.status).toBe(504)
  expect(response.text).toContain('EXCHANGE_TIMEOUT')
  await client.ended()
  using sender = await RawClient.connect(proxy.port)
  sender.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 1000')
  const drip = setInterval(() => sender.send('x'), 20)
  expect((await sender.response()).status).toBe(408)
  clearInterval(drip)
  await until('the upstream connections are closed', () => origin.sockets.size === 0)
})

test('an exchange with too long an answer is aborted', async () => {
  await using origin = await startOrigin((_req, res) => res.write('one '))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { pace: { exchangeMs: 400 } }))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  expect((await client.responseHead()).status).toBe(200)
  expect((await client.rest()).toString()).not.toContain('\r\n0\r\n')
})

test('a client that trickles the rest of a request answered early cannot keep its connection', async () => {
  await using origin = await startOrigin((_req, res) => res.writeHead(403).end('no'), { gather: false })
  const pace = { minBytesPerSecond: 240, graceMs: 300, bodyIdleMs: 5_000 }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { pace }))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 100000')
  expect((await client.response()).status).toBe(403)
  const startedAt = performance.now()
  const drip = setInterval(() => client.send('x'), 20)
  expect((await client.rest()).length).toBe(0)
  expect(performance.now() - startedAt).toBeLessThan(3_000)
  clearInterval(drip)
  await until('the connection is closed', () => proxy.edge.open === 0)
})

test('an upload arrives although its upstream stalls longer than the client is allowed to', async () => {
  const size = 8 * 1024 * 1024
  await using origin = await startOrigin(
    (req, res) => {
      let received = 0
      req.on('data', (chunk: Buffer) => {
        received += chunk.length
      })
      req.on('end', () => res.end(String(received)))
      req.pause()
      setTimeout(() => req.resume(), 1_200)
    },
    { gather: false },
  )
  const pace = { minBytesPerSecond: 240, graceMs: 200, bodyIdleMs: 400 }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { pace }))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${size}`).send(Buffer.alloc(size))
  expect((await client.response()).text).toBe(String(size))
})

test('a slow answer from the upstream does not count against the client', async () => {
  await using origin = await startOrigin((_req, res) => {
    let left = 6
    const timer = setInterval(() => {
      left -= 1
      if (left > 0) res.write('x')
      else res.end('x')
      if (left === 0) clearInterval(timer)
    }, 150)
  })
  const pace = { minBytesPerSecond: 240, graceMs: 200, bodyIdleMs: 300 }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { pace }))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).text).toBe('xxxxxx')
})
