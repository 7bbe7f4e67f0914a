import { once } from 'node:events'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { H2Client } from '../../kit/clients/h2-client.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { filesIn, forwardTo, reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { type Origin, startOrigin, unusedPort } from '../../kit/origins/origin.ts'
import { collectSpans, sampleAll, sentTo } from '../../kit/telemetry/spans.ts'
import { sampled, spanId, traceId } from '../../kit/telemetry/tracer.ts'

/** Spans of forward proxies, tunnels, upgrades, HTTP/2 clients and static files. */

const portOf = ({ authority }: Origin): number => Number(authority.split(':')[1])

test('the spans of a forward proxy have the route of its metrics and mask secrets in URLs', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(forwardTo(sampleAll), { spans: spans.output })
  using client = await RawClient.connect(proxy.port)
  await client
    .head(`GET http://${origin.authority}/f?X-Amz-Signature=abc&b=1 HTTP/1.1`, 'Host: other.test')
    .response()
  const { servers, clients } = await spans.wait(2)
  expect(servers[0]).toMatchObject({
    name: 'GET proxy',
    attributes: {
      'proxy.type': 'forward',
      'http.route': 'proxy',
      'url.scheme': 'http',
      'url.path': '/f',
      'url.query': 'X-Amz-Signature=REDACTED&b=1',
      'server.address': '127.0.0.1',
      'server.port': portOf(origin),
    },
  })
  expect(clients[0]?.attributes['url.full']).toBe(`http://${origin.authority}/f?X-Amz-Signature=REDACTED&b=1`)
  expect(sentTo(origin, 'traceparent')).toEqual([`00-${servers[0]?.traceId}-${clients[0]?.spanId}-01`])
})

test('a CONNECT is one SERVER span that ends with its tunnel; requests inside are not traced', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(forwardTo(sampleAll), { spans: spans.output })
  using client = await RawClient.connect(proxy.port)
  client.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`, `traceparent: ${sampled}`)
  await client.responseHead()
  await client.get('/inside')
  expect(sentTo(origin, 'traceparent')).toEqual([])
  spans.output.batch.flush()
  expect(spans.all).toEqual([])
  client.socket.end()
  const { servers, clients } = await spans.wait(1)
  expect(clients).toEqual([])
  expect(servers[0]).toMatchObject({
    traceId,
    parentSpanId: spanId,
    name: 'CONNECT',
    status: 'unset',
    attributes: {
      'http.request.method': 'CONNECT',
      'http.route': 'CONNECT',
      'http.response.status_code': 200,
      'server.address': '127.0.0.1',
      'server.port': portOf(origin),
    },
    events: [{ name: 'proxy.tunnel.ended', attributes: { 'proxy.tunnel.end': 'done' } }],
  })
  expect(servers[0]?.attributes).not.toHaveProperty('url.path')
})

test('a CONNECT that fails is an error', async () => {
  const spans = collectSpans()
  await using proxy = await startEdge(forwardTo(sampleAll), { spans: spans.output })
  using client = await RawClient.connect(proxy.port)
  const target = `127.0.0.1:${await unusedPort()}`
  await client.head(`CONNECT ${target} HTTP/1.1`, `Host: ${target}`).response()
  const { servers, clients } = await spans.wait(1)
  expect(clients).toEqual([])
  expect(servers[0]).toMatchObject({ status: 'error', attributes: { 'error.type': 'UPSTREAM_REFUSED' } })
})

test('an upgrade passes its trace context to the origin, and its spans end with the tunnel', async () => {
  await using origin = await startOrigin()
  const server = new WebSocketServer({ server: origin.server as never })
  const came: unknown[] = []
  server.on('connection', (_socket, req) => came.push(req.headers['traceparent']))
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, sampleAll), {
    spans: spans.output,
  })
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/chat`)
  await once(socket, 'open')
  spans.output.batch.flush()
  expect(spans.all).toEqual([])
  socket.close()
  const { servers, clients } = await spans.wait(2)
  expect(came).toEqual([`00-${servers[0]?.traceId}-${clients[0]?.spanId}-01`])
  expect(servers[0]).toMatchObject({
    name: 'GET /',
    attributes: { 'http.response.status_code': 101 },
    events: [{ name: 'proxy.tunnel.ended' }],
  })
  expect(clients[0]).toMatchObject({
    attributes: { 'http.response.status_code': 101, 'network.peer.port': portOf(origin) },
    status: 'unset',
  })
})

test('HTTP/2 clients are traced stream by stream', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), {
    spans: spans.output,
    cleartext: 'h2',
  })
  using client = await H2Client.connect(proxy.port)
  await Promise.all([client.get('/one', { traceparent: sampled }), client.get('/two')])
  const { servers, clients } = await spans.wait(2)
  expect(servers).toHaveLength(1)
  expect(servers[0]).toMatchObject({
    traceId,
    attributes: { 'network.protocol.version': '2', 'url.path': '/one', 'server.address': 'client.test' },
  })
  expect(origin.seen.flatMap((_, at) => sentTo(origin, 'traceparent', at))).toEqual([
    `00-${traceId}-${clients[0]?.spanId}-01`,
  ])
})

test('static files have only a SERVER span, named after their mount', async () => {
  const spans = collectSpans()
  const mount = {
    path: '/src',
    rootDir: import.meta.dirname,
    spaMode: false,
    spaFallbackFile: '',
    indexFiles: [],
  }
  await using proxy = await startEdge(filesIn([mount], sampleAll), { spans: spans.output })
  using client = await RawClient.connect(proxy.port)
  await client.get('/src/exchanges.test.ts')
  await client.get('/src/none')
  const { servers, clients } = await spans.wait(2)
  expect(clients).toEqual([])
  expect(servers[0]).toMatchObject({
    name: 'GET /src',
    attributes: { 'http.route': '/src', 'proxy.type': 'static' },
  })
  expect(servers[1]).toMatchObject({ status: 'unset', attributes: { 'http.response.status_code': 404 } })
})

test('an edge does not forward trace context in trailers either', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => {
    await seen.body
    res.end('hello')
  })
  const tracing = { ...sampleAll.tracing, trustsProxiesOnly: true }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { tracing }))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: client.test', 'Transfer-Encoding: chunked')
  client.send(
    `1\r\na\r\n0\r\nTraceparent: ${sampled}\r\nBaggage: who=me\r\nX_B3_TraceId: 1\r\nX-Sum: 5\r\n\r\n`,
  )
  expect((await client.response()).status).toBe(200)
  expect(origin.last.req.rawTrailers).toEqual(['X-Sum', '5'])
})
