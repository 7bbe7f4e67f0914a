import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

test('an upstream connection is reused', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  for (let at = 0; at < 5; at += 1) await client.get(`/${at}`)
  expect(origin.accepted).toBe(1)
})

for (const maxIdlePerHost of [2, 5]) {
  test(`S054: of 20 connections under load ${maxIdlePerHost} stay idle, and no request waits`, async () => {
    const held: (() => void)[] = []
    await using origin = await startOrigin((_req, res) => {
      held.push(() => res.end('hello'))
    })
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { pool: { maxIdlePerHost } }))
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(proxy.port)))
    const responses = clients.map((client) => client.get('/'))
    await until('all 20 are at the upstream together', () => held.length === 20)
    for (const answer of held) answer()
    await Promise.all(responses)
    await until('the surplus is closed', () => origin.sockets.size <= maxIdlePerHost)
    expect(origin.sockets.size).toBe(maxIdlePerHost)
    for (const client of clients) client.destroy()
  })
}

test('S055: an idle upstream connection is closed after the pool timeout', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { pool: { idleMs: 500 } }))
  using client = await RawClient.connect(proxy.port)
  await client.get('/')
  expect(origin.sockets.size).toBe(1)
  await until('it is closed', () => origin.sockets.size === 0)
  expect((await client.get('/')).status).toBe(200)
})

test('without idle connections each request has its own connection', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(forwardTo({ pool: { maxIdlePerHost: 0 } }))
  using client = await RawClient.connect(proxy.port)
  await client.get(`http://${origin.authority}/`)
  await client.get(`http://${origin.authority}/`)
  expect(origin.accepted).toBe(2)
  await until('no connection is left', () => origin.sockets.size === 0)
})

test('an idle upstream connection is closed at the end of its lifetime', async () => {
  await using origin = await startOrigin()
  const tuning = { timeouts: { lifetimeMs: 300 } }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, tuning))
  using client = await RawClient.connect(proxy.port)
  await client.get('/')
  await until('it is closed', () => origin.sockets.size === 0)
  expect((await client.get('/')).status).toBe(200)
  expect(origin.accepted).toBe(2)
})

test('a busy upstream connection past its lifetime is closed after its exchange, not before', async () => {
  let release = () => {}
  await using origin = await startOrigin((_req, res) => {
    res.write('first')
    release = () => res.end('last')
  })
  const tuning = { timeouts: { lifetimeMs: 100 } }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, tuning))
  using client = await RawClient.connect(proxy.port)
  const response = client.get('/')
  const startedAt = performance.now()
  await until('it is older', () => performance.now() - startedAt > 500)
  release()
  expect((await response).text).toBe('firstlast')
  await until('it is closed', () => origin.sockets.size === 0)
})

test('continuous requests get a new upstream connection when the old one reaches its lifetime', async () => {
  await using origin = await startOrigin()
  const tuning = { timeouts: { lifetimeMs: 200 } }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, tuning))
  using client = await RawClient.connect(proxy.port)
  await until('there have been three', async () => {
    expect((await client.get('/')).status).toBe(200)
    return origin.accepted >= 3
  })
  expect(origin.accepted).toBeLessThan(origin.seen.length)
})
