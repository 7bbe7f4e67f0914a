import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { filesIn, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { type OriginHandler, startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const echo: OriginHandler = async (_req, res, seen) => {
  res.end(await seen.body.catch(() => 'cut off'))
}
const start = (origin: { authority: string }, sizes: Parameters<typeof reverseTo>[1]) =>
  startEdge(reverseTo(`http://${origin.authority}`, sizes))

test('a target of the maximum length is served, a longer one gets a 414 and the connection stays open', async () => {
  await using origin = await startOrigin()
  await using proxy = await start(origin, { sizes: { maxTargetBytes: 100 } })
  using client = await RawClient.connect(proxy.port)
  expect((await client.get(`/${'x'.repeat(99)}`)).status).toBe(200)
  expect((await client.get(`/${'x'.repeat(100)}`)).status).toBe(414)
  expect((await client.get('/')).status).toBe(200)
  expect(origin.seen).toHaveLength(2)
})

test('a target longer than the maximum head gets a 414, other long heads get a 431', async () => {
  await using origin = await startOrigin()
  await using proxy = await start(origin, { sizes: { maxHeadBytes: 2_000, maxTargetBytes: 1_000 } })
  for (const [lines, status] of [
    [[`GET /${'x'.repeat(3_000)} HTTP/1.1`, 'Host: a'], 414],
    [[`GET /${'x'.repeat(100_000)} HTTP/1.1`, 'Host: a'], 414],
    [['GET / HTTP/1.1', 'Host: a', `X: ${'x'.repeat(3_000)}`], 431],
    [['GET / HTTP/1.1', `Host: ${'x'.repeat(3_000)}`], 431],
    [[`GET /${'x'.repeat(900)} HTTP/1.1`, 'Host: a', `X: ${'x'.repeat(1_500)}`], 431],
  ] as const) {
    using client = await RawClient.connect(proxy.port)
    client.head(...lines)
    const response = await client.response()
    expect(response.status).toBe(status)
    expect(response.get('connection')).toBe('close')
    await client.ended()
  }
  expect(origin.seen).toHaveLength(0)
  expect(proxy.counters().requestsTotal).toBe(5)
})

test('the maximum number of fields is served, one more gets a 431', async () => {
  await using origin = await startOrigin()
  await using proxy = await start(origin, { sizes: { maxFields: 10 } })
  const fields = (count: number) => Array.from({ length: count - 1 }, (_, at) => `X-${at}: 1`)
  for (const [count, status] of [
    [10, 200],
    [11, 431],
    [500, 431],
  ] as const) {
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', 'Host: a', ...fields(count))
    expect((await client.response()).status, `${count}`).toBe(status)
  }
})

test('a Content-Length beyond the maximum number of fields is not lost', async () => {
  await using origin = await startOrigin(echo)
  await using proxy = await start(origin, { sizes: { maxFields: 3 } })
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'A: 1', 'B: 2', 'C: 3', 'Content-Length: 40')
  client.send('GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n')
  expect((await client.response()).status).toBe(431)
  await client.ended()
  expect(origin.seen).toHaveLength(0)
})

test('a body announced as too large gets a 413 at once, instead of a 100 for a client that waits', async () => {
  await using origin = await startOrigin(echo)
  await using proxy = await start(origin, { sizes: { maxBodyBytes: 10 } })
  for (const expectation of [[], ['Expect: 100-continue']]) {
    using client = await RawClient.connect(proxy.port)
    client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 11', ...expectation)
    const response = await client.response()
    expect(response.status).toBe(413)
    expect(response.get('connection')).toBe('close')
    await client.ended()
  }
  expect(origin.accepted).toBe(0)
  expect(proxy.counters()).toMatchObject({ requestsTotal: 2, requestsFailed: 0 })
})

test('a body of the maximum size is served, also chunked', async () => {
  await using origin = await startOrigin(echo)
  await using proxy = await start(origin, { sizes: { maxBodyBytes: 10 } })
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10').send('0123456789')
  expect((await client.response()).text).toBe('0123456789')
  client.head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')
  client.send('5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n')
  expect((await client.response()).text).toBe('0123456789')
})

test('a chunked body that grows too large gets a 413, and its upstream request is cut off', async () => {
  let isCut = false
  await using origin = await startOrigin(async (_req, _res, seen) => {
    await seen.body.catch(() => {
      isCut = true
    })
  })
  await using proxy = await start(origin, { sizes: { maxBodyBytes: 10 } })
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked').send('5\r\n01234\r\n')
  await until('the origin sees it', () => origin.seen.length === 1)
  client.send('6\r\n567890\r\n')
  const response = await client.response()
  expect(response.status).toBe(413)
  expect(response.get('connection')).toBe('close')
  await client.ended()
  await until('the upstream request is cut off', () => isCut && origin.sockets.size === 0)
  await until('the connection is closed', () => proxy.edge.open === 0)
  expect(proxy.counters()).toMatchObject({ requestsTotal: 1, requestsFailed: 0 })
})

test('a client that keeps sending a body that is too large still reads the 413', async () => {
  await using origin = await startOrigin(echo)
  await using proxy = await start(origin, { sizes: { maxBodyBytes: 1_000 } })
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 4000000').send(Buffer.alloc(4_000_000))
  expect((await client.response()).status).toBe(413)
})

test('a chunked body that grows too large after the answer began breaks the answer off', async () => {
  await using origin = await startOrigin((_req, res) => res.write('early'), { gather: false })
  await using proxy = await start(origin, { sizes: { maxBodyBytes: 10 } })
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked').send('5\r\n01234\r\n')
  expect((await client.responseHead()).status).toBe(200)
  client.send('6\r\n567890\r\n')
  expect((await client.rest()).toString()).not.toContain('\r\n0\r\n\r\n')
})

test('static files have the same limit', async () => {
  const mount = { path: '/', rootDir: '.', spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using proxy = await startEdge(filesIn([mount], { sizes: { maxBodyBytes: 1 } }))
  using client = await RawClient.connect(proxy.port)
  client.head('GET /package.json HTTP/1.1', 'Host: a', 'Content-Length: 2').send('xx')
  expect((await client.response()).status).toBe(413)
})
