import { expect, test } from 'vitest'
import { H2Client } from '../../kit/clients/h2-client.ts'
import { FrameClient, frame, requestOf } from '../../kit/clients/h2-frames.ts'
import { reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const h2 = { cleartext: 'h2' } as const

/** An origin that answers `/slow` on demand. */
async function startSlow() {
  const waiting: (() => void)[] = []
  const origin = await startOrigin((req, res) => {
    if (req.url === '/slow') waiting.push(() => res.end('at last'))
    else res.end('hello')
  })
  return { origin, waiting, release: () => waiting.splice(0).map((end) => end()) }
}

test('a drain announces the last stream it serves, ends with it and counts the connection until then', async () => {
  const { origin, waiting, release } = await startSlow()
  await using _ = origin
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(1, requestOf({ ':path': '/slow' }))
  await until('it runs', () => waiting.length === 1)
  proxy.edge.drain()
  expect(await client.firstGoaway()).toEqual({ code: 0, last: 1 })
  // The client may repeat it elsewhere; it is not served here.
  client.request(3, requestOf())
  expect(proxy.admission.active).toBe(1)
  expect(client.isEnded).toBe(false)
  release()
  expect(await client.outcome(1)).toBe('200')
  await client.ended()
  await until('it is no longer counted', () => proxy.admission.active === 0)
  expect(origin.seen).toHaveLength(1)
  expect(proxy.counters()).toMatchObject({ requestsTotal: 1, requestsFailed: 0 })
})

test('a connection that is idle when the drain begins is closed', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  await client.get('/')
  proxy.edge.drain()
  await until('the client has closed', () => client.isClosed)
  expect(client.goaways.length).toBeGreaterThan(0)
  expect(client.goaways.every(({ code }) => code === 0)).toBe(true)
  await until('the proxy has no connection', () => proxy.edge.open === 0)
})

test('a client that does not close after the last GOAWAY is closed', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await FrameClient.connect(proxy.port)
  client.socket.allowHalfOpen = true
  client.request(1, requestOf())
  await client.outcome(1)
  proxy.edge.drain()
  await until('the proxy has no connection', () => proxy.edge.open === 0)
})

test('degraded: the connection ends after its running exchanges', async () => {
  const { origin, waiting, release } = await startSlow()
  await using _ = origin
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(1, requestOf({ ':path': '/slow' }))
  await until('it runs', () => waiting.length === 1)
  proxy.edge.setDegraded(true)
  client.request(3, requestOf())
  expect(await client.outcome(3)).toBe('200')
  expect(await client.firstGoaway()).toEqual({ code: 0, last: 3 })
  release()
  expect(await client.outcome(1)).toBe('200')
  await client.ended()
  await until('the proxy has no connection', () => proxy.edge.open === 0)
})

test('close() ends everything now', async () => {
  const { origin, waiting } = await startSlow()
  await using _ = origin
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(1, requestOf({ ':path': '/slow' }))
  await until('it runs', () => waiting.length === 1)
  await proxy.edge.close()
  await client.ended()
  expect(proxy.admission.active).toBe(0)
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
})

test('a client that leaves ends its exchanges', async () => {
  const { origin, waiting } = await startSlow()
  await using _ = origin
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  const client = await FrameClient.connect(proxy.port)
  client.request(1, requestOf({ ':path': '/slow' })).request(3, requestOf({ ':path': '/slow' }))
  await until('both run', () => waiting.length === 2)
  client.socket.destroy()
  await until('the upstream connections are closed', () => origin.sockets.size === 0)
  await until('both are counted', () => proxy.counters().requestsFailed === 2)
  expect(proxy.admission.active).toBe(0)
})

test('bytes that are not HTTP/2 end an HTTP/2 connection, which is counted', async () => {
  await using proxy = await startEdge(reverseTo('http://127.0.0.1:1'), h2)
  using client = await FrameClient.connect(proxy.port)
  client.bytes(Buffer.from('x'.repeat(100)))
  await client.ended()
  expect(client.frames.some(({ type }) => type === frame.headers)).toBe(false)
  await until('it is counted', () => proxy.counters().connectionsCutOff === 1)
})
