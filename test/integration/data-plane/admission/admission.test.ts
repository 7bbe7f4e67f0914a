import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

test('a connection over the limit gets a 503 with Retry-After and is closed', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { limit: 1 })
  using first = await RawClient.connect(proxy.port)
  await first.get('/')
  using second = await RawClient.connect(proxy.port)
  second.head('GET / HTTP/1.1', 'Host: a')
  const response = await second.response()
  expect(response.status).toBe(503)
  expect(response.get('retry-after')).toBe('1')
  expect(response.get('connection')).toBe('close')
  await second.ended()
  expect(second.isReset).toBe(false)
  expect(proxy.admission).toMatchObject({ opened: 1, refused: 1 })
  expect((await first.get('/')).status).toBe(200)
})

test('a refused client that still sends reads its answer instead of a reset', async () => {
  await using proxy = await startEdge(forwardTo(), { limit: 0 })
  using client = await RawClient.connect(proxy.port)
  client.head('POST http://a/ HTTP/1.1', 'Host: a', 'Content-Length: 1000000')
  client.send(Buffer.alloc(500_000))
  expect((await client.response()).status).toBe(503)
  await client.ended()
  expect(client.isReset).toBe(false)
})

test('refused clients that never read or close are disconnected', async () => {
  await using proxy = await startEdge(forwardTo(), { limit: 0 })
  const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.connect(proxy.port)))
  for (const client of clients) client.socket.pause()
  await until('all sockets are destroyed', () => proxy.accepted.every((socket) => socket.destroyed))
  for (const client of clients) client.destroy()
})

test('closing a connection frees its place exactly once', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { limit: 1 })
  for (let round = 0; round < 20; round += 1) {
    const client = await RawClient.connect(proxy.port)
    expect((await client.get('/')).status).toBe(200)
    client.destroy()
    await until('the place is free', () => proxy.admission.active === 0)
  }
  expect(proxy.admission).toMatchObject({ opened: 20, refused: 0, active: 0 })
})

test('a draining data plane finishes running requests, then closes their connections, and closes idle ones', async () => {
  let answer = (): void => {}
  await using origin = await startOrigin((req, res) => {
    if (req.url === '/slow') answer = () => res.end('done')
    else res.end('hello')
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using idle = await RawClient.connect(proxy.port)
  await idle.get('/')
  using busy = await RawClient.connect(proxy.port)
  const response = busy.get('/slow')
  await until('the origin sees it', () => origin.seen.length === 2)
  proxy.edge.drain()
  await idle.ended()
  answer()
  expect((await response).text).toBe('done')
  expect((await response).get('connection')).toBe('close')
  await busy.ended()
  await until('nothing is open', () => proxy.edge.open === 0)
})

test('a response that began before the drain also ends its connection', async () => {
  let finish = (): void => {}
  await using origin = await startOrigin((_req, res) => {
    res.write('begun')
    finish = () => res.end()
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  await client.until('begun')
  proxy.edge.drain()
  finish()
  await client.ended()
  await until('nothing is open', () => proxy.edge.open === 0)
})

test('closing ends requests, tunnels and idle connections at once', async () => {
  await using origin = await startRawOrigin((socket) => socket.on('end', () => socket.end()).resume())
  const proxy = await startEdge(forwardTo())
  using idle = await RawClient.connect(proxy.port)
  using request = await RawClient.connect(proxy.port)
  request.head(`GET http://${origin.authority}/ HTTP/1.1`, 'Host: a')
  using tunnel = await RawClient.connect(proxy.port)
  tunnel.head(`CONNECT ${origin.authority} HTTP/1.1`, 'Host: a')
  await tunnel.responseHead()
  await until('all three are in', () => proxy.edge.open === 3 && origin.sockets.size === 2)
  await proxy[Symbol.asyncDispose]()
  expect(proxy.edge.open).toBe(0)
  expect(proxy.admission.active).toBe(0)
  await Promise.all([idle.ended(), request.ended(), tunnel.ended()])
  await until('the upstream sides are closed', () => origin.sockets.size === 0)
})
