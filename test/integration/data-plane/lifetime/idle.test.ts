import { truncateSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { filesIn, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'
import { createSite } from '../../static/site.ts'

const short = { pace: { bodyIdleMs: 200 } }
const big = 64 * 1024 * 1024

test('a client that sends half a body is answered with 408 and disconnected', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10').send('half')
  origin.server.once('request', (req) => req.on('error', () => {}))
  await until('the origin sees it', () => origin.seen.length === 1)
  origin.last.body.catch(() => {})
  const response = await client.response()
  expect(response.status).toBe(408)
  expect(response.get('connection')).toBe('close')
  await client.ended()
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
  expect(proxy.counters()).toMatchObject({ requestsTotal: 1, requestsFailed: 0 })
})

test('a client that stalls its body after the answer began is cut off', async () => {
  await using origin = await startOrigin((_req, res) => res.write('early'), { gather: false })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10').send('half')
  await client.responseHead()
  await client.ended()
  await until('it is counted', () => proxy.counters().requestsFailed === 1)
})

test('a client that does not read its answer is cut off', async () => {
  await using origin = await startOrigin((_req, res) => res.end(Buffer.alloc(big)))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  client.socket.pause()
  await until('it runs', () => proxy.edge.open === 1)
  await until('the proxy has closed it', () => proxy.edge.open === 0)
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
})

test('a client that does not read a file is cut off', async () => {
  await using site = createSite()
  truncateSync(site.write('big.bin', ''), big)
  const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using proxy = await startEdge(filesIn([mount], short))
  using client = await RawClient.connect(proxy.port)
  client.head('GET /big.bin HTTP/1.1', 'Host: a')
  client.socket.pause()
  await until('it runs', () => proxy.edge.open === 1)
  await until('the proxy has closed it', () => proxy.edge.open === 0)
})

test('an upstream that takes longer to answer than the client may be idle is waited for', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => {
    await seen.body
    setTimeout(() => res.write('one '), 700)
    setTimeout(() => res.end('two'), 1_400)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5').send('whole')
  expect((await client.response()).text).toBe('one two')
})

test('a stalled upload caused by the upstream does not count against the client', async () => {
  await using origin = await startOrigin(
    (req, res) => {
      req.pause()
      setTimeout(() => req.resume(), 800)
      req.on('end', () => res.end('thanks'))
    },
    { gather: false },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, short))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', `Content-Length: ${big / 4}`).send(Buffer.alloc(big / 4))
  expect((await client.response()).text).toBe('thanks')
})

test('a half-closed client gets all its answers, to the last of several requests', async () => {
  await using origin = await startOrigin((req, res) => {
    setTimeout(() => res.end(req.url), 100)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.send(['/1', '/2', '/3'].map((url) => `GET ${url} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')).end()
  for (const url of ['/1', '/2', '/3']) expect((await client.response()).text).toBe(url)
  await client.ended()
  await until('the proxy has closed it', () => proxy.edge.open === 0)
})
