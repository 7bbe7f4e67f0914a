import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

test('requests, failures, time and the bytes on the wire are counted', async () => {
  await using origin = await startOrigin(async (req, res, seen) => {
    await seen.body
    res.writeHead(req.url === '/bad' ? 500 : 200).end('x'.repeat(1_000))
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5000').send('y'.repeat(5_000))
  await client.response()
  await client.get('/')
  await client.get('/bad')
  await until('all three are counted', () => proxy.counters().requestsTotal === 3)
  const counters = proxy.counters()
  expect(counters).toMatchObject({
    requestsFailed: 1,
    responsesTimed: 3,
    bytesReceived: client.socket.bytesWritten,
    bytesSent: client.socket.bytesRead,
  })
  expect(counters.responseTimeMs).toBeGreaterThan(0)
})

test('an unreadable request is counted, but not as a failure', async () => {
  await using proxy = await startEdge(reverseTo('http://127.0.0.1:9'))
  using client = await RawClient.connect(proxy.port)
  client.send('nonsense\r\n\r\n')
  await client.response()
  expect(proxy.counters()).toMatchObject({ requestsTotal: 1, requestsFailed: 0, responsesTimed: 0 })
})

test('a failure is logged with its code for the operator', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { timeouts: { responseMs: 100 } }),
  )
  using client = await RawClient.connect(proxy.port)
  await client.get('/')
  expect(proxy.logged).toMatchObject([{ level: 'warn', fields: { code: 'UPSTREAM_TIMEOUT' } }])
})
