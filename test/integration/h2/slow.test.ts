import { truncateSync } from 'node:fs'
import { expect, test } from 'vitest'
import { answerOf, H2Client } from '../../kit/clients/h2-client.ts'
import { FrameClient, frame, number, requestOf } from '../../kit/clients/h2-frames.ts'
import { filesIn, reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'
import { createSite } from '../static/site.ts'

const h2 = { cleartext: 'h2' } as const
const big = 64 * 1024 * 1024

test('a connection without a request within headerMs is closed with a GOAWAY', async () => {
  await using proxy = await startEdge(reverseTo('http://127.0.0.1:1', { timeouts: { headerMs: 200 } }), h2)
  using client = await FrameClient.connect(proxy.port)
  expect(await client.firstGoaway()).toEqual({ code: 0, last: 0 })
  await client.ended()
  await until('the proxy has closed it', () => proxy.edge.open === 0)
})

test('a first head that never ends is closed at the same deadline', async () => {
  await using proxy = await startEdge(reverseTo('http://127.0.0.1:1', { timeouts: { headerMs: 200 } }), h2)
  using client = await FrameClient.connect(proxy.port)
  client.send(frame.headers, 0, 1, Buffer.from([0x82]))
  await client.ended()
  await until('the proxy has closed it', () => proxy.edge.open === 0)
})

test('an idle connection is closed after idleMs, even if it sends PINGs', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { timeouts: { idleMs: 300 } }),
    h2,
  )
  using client = await FrameClient.connect(proxy.port)
  client.request(1, requestOf())
  expect(await client.outcome(1)).toBe('200')
  const timer = setInterval(() => client.send(frame.ping, 0, 0, Buffer.alloc(8)), 50)
  await client.ended()
  clearInterval(timer)
  expect(await client.firstGoaway()).toEqual({ code: 0, last: 1 })
  await until('the proxy has closed it', () => proxy.edge.open === 0)
})

test('a stream with a stalled body is answered with 408, and the others of its connection continue', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { pace: { bodyIdleMs: 300 } }),
    h2,
  )
  using client = await H2Client.connect(proxy.port)
  const late = client.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
  const answer = answerOf(late)
  late.write('half')
  const other = client.get('/slow')
  expect(await answer).toMatchObject({ status: 408, reset: 0 })
  await until('the upstream connection of the one is closed', () => origin.sockets.size === 1)
  expect(client.isClosed).toBe(false)
  for (const { url, body } of origin.seen) if (url === '/') await expect(body).rejects.toThrow()
  expect(proxy.counters()).toMatchObject({ requestsTotal: 1, requestsFailed: 0 })
  client[Symbol.dispose]()
  await other
})

test('an unread stream neither stops the others nor makes the proxy buffer more than a window', async () => {
  let sent = 0
  await using origin = await startOrigin((req, res) => {
    if (req.url !== '/big') {
      res.end('hello')
      return
    }
    const more = (): void => {
      while (sent < big) {
        sent += 65_536
        if (!res.write(Buffer.alloc(65_536))) {
          res.once('drain', more)
          return
        }
      }
      res.end()
    }
    more()
  })
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { pace: { bodyIdleMs: 1_500 } }),
    h2,
  )
  using client = await H2Client.connect(proxy.port)
  const stuck = client.request({ ':path': '/big' })
  stuck.pause()
  const ended = answerOf(stuck)
  stuck.pause()
  await until('it flows', () => sent > 0)
  for (let round = 0; round < 50; round += 1) expect((await client.get('/')).text).toBe('hello')
  // Bytes buffered by the kernel, the upstream's socket and the stream.
  expect(sent).toBeLessThan(16 * 1024 * 1024)
  stuck.resume()
  expect((await ended).body.length).toBe(big)
})

test('an unread stream is reset, for files and proxied responses, and the others continue', async () => {
  await using site = createSite()
  truncateSync(site.write('big.bin', ''), big)
  site.write('small.txt', 'small')
  const mount = { path: '/files', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using origin = await startOrigin((_req, res) => res.end(Buffer.alloc(big)))
  const tuning = { pace: { bodyIdleMs: 300 } }
  await using proxy = await startEdge(
    [filesIn([mount], tuning), reverseTo(`http://${origin.authority}`, tuning)],
    h2,
  )
  using client = await FrameClient.connect(proxy.port)
  client.request(1, requestOf({ ':path': '/files/big.bin' })).request(3, requestOf({ ':path': '/big' }))
  for (const stream of [1, 3]) {
    const { payload } = await client.find(
      'a reset',
      (one) => one.type === frame.reset && one.stream === stream,
    )
    expect(payload.readUInt32BE(0)).toBe(2)
  }
  client.send(frame.windowUpdate, 0, 0, number(1_000_000))
  client.request(5, requestOf({ ':path': '/files/small.txt' }))
  expect(await client.outcome(5)).toBe('200')
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
})

test('an upload stalled by its upstream stops neither its client nor other streams', async () => {
  await using origin = await startOrigin(
    (req, res) => {
      if (req.method === 'GET') {
        res.end('hello')
        return
      }
      req.pause()
      setTimeout(() => req.resume(), 800)
      req.on('end', () => res.end('thanks'))
    },
    { gather: false },
  )
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { pace: { bodyIdleMs: 300 } }),
    h2,
  )
  using client = await H2Client.connect(proxy.port)
  const upload = client.post('/', Buffer.alloc(big / 4))
  for (let round = 0; round < 20; round += 1) expect((await client.get('/')).text).toBe('hello')
  expect((await upload).text).toBe('thanks')
})
