import { expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { type Origin, startOrigin, startRawOrigin, unusedPort } from '../../kit/origins/origin.ts'
import { collectSpans, sampleAll, sentTo } from '../../kit/telemetry/spans.ts'
import { sampled, spanId, traceId } from '../../kit/telemetry/tracer.ts'
import { until } from '../../kit/waiting/until.ts'

/** Spans of sampled exchanges, over real sockets. */

const portOf = ({ authority }: Origin): number => Number(authority.split(':')[1])

test('an exchange of a reverse proxy is a SERVER and a CLIENT span in the trace of its client', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}/base`), { spans: spans.output })
  using client = await RawClient.connect(proxy.port)
  const before = Date.now()
  await client
    .head(
      'POST /a/b?q=1&sig=secret HTTP/1.1',
      'Host: client.test:8080',
      `traceparent: ${sampled}`,
      'tracestate: rojo=1',
      'baggage: k=v',
      'User-Agent: tester',
      'Content-Length: 2',
    )
    .send('ok')
    .response()
  const { servers, clients } = await spans.wait(2)
  const [server, upstream] = [servers[0], clients[0]]
  expect(server).toMatchObject({
    traceId,
    parentSpanId: spanId,
    isParentRemote: true,
    traceState: 'rojo=1',
    name: 'POST /',
    status: 'unset',
    events: [],
    links: [],
  })
  expect(server?.attributes).toEqual({
    'proxy.worker.name': 'worker',
    'proxy.instance': 'worker#1',
    'proxy.generation': 1,
    'proxy.type': 'reverse',
    'http.request.method': 'POST',
    'http.route': '/',
    'http.request.body.size': 2,
    'http.response.body.size': 5,
    'http.response.status_code': 200,
    'url.scheme': 'http',
    'url.path': '/a/b',
    'url.query': 'q=1&sig=REDACTED',
    'server.address': 'client.test',
    'server.port': 8080,
    'client.address': '127.0.0.1',
    'network.peer.address': '127.0.0.1',
    'network.peer.port': expect.any(Number),
    'network.protocol.version': '1.1',
    'user_agent.original': 'tester',
  })
  expect(upstream).toMatchObject({
    traceId,
    parentSpanId: server?.spanId,
    isParentRemote: false,
    traceState: 'rojo=1',
    name: 'POST',
    status: 'unset',
  })
  expect(upstream?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.response.status_code': 200,
    'server.address': '127.0.0.1',
    'server.port': portOf(origin),
    'network.peer.address': '127.0.0.1',
    'network.peer.port': portOf(origin),
    'url.full': `http://${origin.authority}/base/a/b?q=1&sig=REDACTED`,
    'network.protocol.version': '1.1',
    'proxy.upstream.reused': false,
  })
  expect(sentTo(origin, 'traceparent')).toEqual([`00-${traceId}-${upstream?.spanId}-01`])
  expect(sentTo(origin, 'tracestate')).toEqual(['rojo=1'])
  expect(sentTo(origin, 'baggage')).toEqual(['k=v'])
  const times = [server?.startMs, upstream?.startMs, upstream?.endMs, server?.endMs] as number[]
  expect(times).toEqual([...times].sort((one, other) => one - other))
  expect(Math.abs((times[0] as number) - before)).toBeLessThan(1_000)
  expect(proxy.records[0]).toMatchObject({ traceId, spanId: server?.spanId })
})

test('an unsampled context is forwarded byte for byte, and no span is made', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { spans: spans.output })
  using client = await RawClient.connect(proxy.port)
  const fields = {
    traceparent: `00-${traceId}-${spanId}-00`,
    tracestate: 'b=2 ,  a=1',
    baggage: 'user=%20x;p=1 , y=2',
  }
  client.head(
    'GET / HTTP/1.1',
    'Host: a',
    ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`),
  )
  await client.response()
  for (const [name, value] of Object.entries(fields)) expect(sentTo(origin, name)).toEqual([value])
  spans.output.batch.flush()
  expect(spans.all).toEqual([])
  expect(proxy.records[0]).toMatchObject({ traceId, spanId: null })
})

test('a new trace is started by ratio and sent to the upstream', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, sampleAll), {
    spans: spans.output,
  })
  using client = await RawClient.connect(proxy.port)
  await client.get('/')
  const { servers, clients } = await spans.wait(2)
  expect(servers[0]).toMatchObject({ parentSpanId: null, isParentRemote: false, traceState: null })
  expect(sentTo(origin, 'traceparent')).toEqual([`00-${servers[0]?.traceId}-${clients[0]?.spanId}-01`])
})

test('a retry on a new connection is an event and a second CLIENT span, sent to the upstream', async () => {
  const seen: string[] = []
  await using origin = await startRawOrigin((socket) => {
    let requests = 0
    socket.on('data', (chunk) => {
      requests += 1
      seen.push(/traceparent: (.*)\r/i.exec(chunk.toString())?.[1] ?? '')
      if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      else socket.resetAndDestroy()
    })
  })
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, sampleAll), {
    spans: spans.output,
  })
  using client = await RawClient.connect(proxy.port)
  await client.get('/')
  await client.get('/')
  const { servers, clients } = await spans.wait(5)
  const [, failed, repeat] = clients
  expect(seen).toEqual(clients.map((span) => `00-${span.traceId}-${span.spanId}-01`))
  expect(failed).toMatchObject({ status: 'error', attributes: { 'error.type': 'UPSTREAM_BROKEN' } })
  expect(failed?.attributes).not.toHaveProperty('http.response.status_code')
  expect(failed?.attributes).not.toHaveProperty('http.request.resend_count')
  expect(repeat).toMatchObject({
    status: 'unset',
    attributes: { 'http.request.resend_count': 1, 'http.response.status_code': 200 },
  })
  expect([failed, repeat].map((span) => span?.parentSpanId)).toEqual([servers[1]?.spanId, servers[1]?.spanId])
  expect(servers[1]).toMatchObject({
    status: 'unset',
    events: [{ name: 'proxy.retry', attributes: { 'error.type': 'UPSTREAM_BROKEN' } }],
  })
})

test.each([
  [404, 'unset', 'error', undefined, '404'],
  [503, 'error', 'error', '503', '503'],
  [302, 'unset', 'unset', undefined, undefined],
] as const)(
  'an answer of %d is %s for the server and %s for the client',
  async (status, server, client, serverType, clientType) => {
    await using origin = await startOrigin((_req, res) => res.writeHead(status).end())
    const spans = collectSpans()
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, sampleAll), {
      spans: spans.output,
    })
    using user = await RawClient.connect(proxy.port)
    await user.get('/')
    const { servers, clients } = await spans.wait(2)
    expect([servers[0]?.status, servers[0]?.attributes['error.type']]).toEqual([server, serverType])
    expect([clients[0]?.status, clients[0]?.attributes['error.type']]).toEqual([client, clientType])
    expect(clients[0]?.attributes['http.response.status_code']).toBe(status)
  },
)

test('an unreachable upstream is an error of both spans, with its code, and the log has the ids', async () => {
  const spans = collectSpans()
  const target = `http://127.0.0.1:${await unusedPort()}`
  await using proxy = await startEdge(reverseTo(target, sampleAll), { spans: spans.output })
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(502)
  const { servers, clients } = await spans.wait(2)
  expect(servers[0]).toMatchObject({
    status: 'error',
    attributes: { 'error.type': 'UPSTREAM_REFUSED', 'http.response.status_code': 502 },
  })
  expect(clients[0]).toMatchObject({ status: 'error', attributes: { 'error.type': 'UPSTREAM_REFUSED' } })
  expect(clients[0]?.attributes).not.toHaveProperty('http.response.status_code')
  expect(proxy.logged[0]?.fields).toMatchObject({
    code: 'UPSTREAM_REFUSED',
    trace_id: servers[0]?.traceId,
    span_id: servers[0]?.spanId,
  })
})

test('a client that aborts is an event, not an error', async () => {
  await using origin = await startOrigin(() => {})
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, sampleAll), {
    spans: spans.output,
  })
  const client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  await until('the request is there', () => origin.seen.length === 1)
  client.socket.resetAndDestroy()
  const { servers, clients } = await spans.wait(2)
  expect([servers[0]?.status, clients[0]?.status]).toEqual(['unset', 'unset'])
  expect(servers[0]?.attributes).not.toHaveProperty('http.response.status_code')
  // The same value as in the metric and the log record; the status of the span shows that it is not an error.
  expect(servers[0]?.attributes['error.type']).toBe('CLIENT_ABORTED')
  expect(servers[0]?.events).toMatchObject([
    { name: 'proxy.client.left', attributes: { 'proxy.error': 'CLIENT_ABORTED', 'proxy.termination': 'CH' } },
  ])
})
