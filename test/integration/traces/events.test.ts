import { expect, test } from 'vitest'
import { H2Client } from '../../kit/clients/h2-client.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge, type Tuning } from '../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../kit/origins/origin.ts'
import { collectSpans, sampleAll, sentTo } from '../../kit/telemetry/spans.ts'
import { until } from '../../kit/waiting/until.ts'

/** Events, status and names of spans for refusals, failures and unusual requests. */

async function refusedBy(tuning: Tuning, fields: readonly string[] = [], times = 1) {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { ...sampleAll, ...tuning }), {
    spans: spans.output,
  })
  using client = await RawClient.connect(proxy.port)
  for (let at = 0; at < times; at += 1) await client.get('/', ...fields)
  await until('there are spans', () => {
    spans.output.batch.flush()
    return spans.all.filter(({ kind }) => kind === 'server').length === times
  })
  return spans.all.filter(({ kind }) => kind === 'server').at(-1)
}

test.each([
  ['a client that is not admitted', 403, 'FORBIDDEN_CLIENT', { access: { deny: ['127.0.0.1'] } }, 1],
  [
    'a request without a password',
    401,
    'AUTH_REQUIRED',
    { auth: { users: [{ name: 'a', password: { form: 'plain', text: 'secret' } }] } },
    1,
  ],
  ['a request beyond its rate', 429, 'RATE_LIMITED', { rates: { rules: [{ limit: 1 }] } }, 2],
] as const)(
  '%s is refused with %d: an event with the reason, and no error',
  async (_, status, code, tuning, times) => {
    const span = await refusedBy(tuning, [], times)
    expect(span).toMatchObject({
      status: 'unset',
      attributes: { 'http.response.status_code': status },
      events: [{ name: 'proxy.refused', attributes: { 'proxy.error': code } }],
    })
    expect(span?.attributes).not.toHaveProperty('error.type')
    expect(span?.events[0]?.attributes['proxy.reason']).not.toBe('')
  },
)

test('a loop is refused and is an error of the proxy', async () => {
  const span = await refusedBy({}, ['Via: 1.1 bifrost-test'])
  expect(span).toMatchObject({
    status: 'error',
    attributes: { 'http.response.status_code': 508, 'error.type': 'LOOP' },
    events: [{ name: 'proxy.refused', attributes: { 'proxy.error': 'LOOP' } }],
  })
})

test('a request with an invalid target has a SERVER span, too', async () => {
  const spans = collectSpans()
  await using proxy = await startEdge(forwardTo(sampleAll), { spans: spans.output })
  using client = await RawClient.connect(proxy.port)
  await client.get('/origin-form')
  const { servers } = await spans.wait(1)
  expect(servers[0]).toMatchObject({
    name: 'GET',
    status: 'unset',
    attributes: { 'proxy.type': 'forward' },
    events: [{ name: 'proxy.refused', attributes: { 'proxy.error': 'BAD_TARGET' } }],
  })
})

test('the span of a queued request has its waiting time', async () => {
  await using origin = await startOrigin((_req, res) => void setTimeout(() => res.end('hello'), 50))
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, sampleAll), {
    spans: spans.output,
  })
  using client = await RawClient.connect(proxy.port)
  client.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.response()
  await client.response()
  const { servers } = await spans.wait(4)
  expect(servers[0]?.events).toEqual([])
  expect(servers[1]?.events).toMatchObject([{ name: 'proxy.turn.waited' }])
  expect(servers[1]?.events[0]?.attributes['proxy.wait_ms']).toBeGreaterThan(40)
  await client.get('/3')
  const { servers: later } = await spans.wait(6)
  expect(later[2]?.events).toEqual([])
})

test('an upstream that breaks off its response is an error of both spans, with the status that was sent', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => socket.resetAndDestroy())
    })
  })
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, sampleAll), {
    spans: spans.output,
  })
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  await client.rest()
  const { servers, clients } = await spans.wait(2)
  for (const span of [servers[0], clients[0]]) {
    expect(span).toMatchObject({
      status: 'error',
      attributes: { 'http.response.status_code': 200, 'error.type': 'UPSTREAM_BROKEN' },
    })
  }
})

test('an upstream that does not answer in time is an error of both spans', async () => {
  await using origin = await startOrigin(() => {})
  const spans = collectSpans()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { ...sampleAll, timeouts: { responseMs: 50 } }),
    { spans: spans.output },
  )
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(504)
  const { servers, clients } = await spans.wait(2)
  expect([servers[0], clients[0]].map((span) => span?.attributes['error.type'])).toEqual([
    'UPSTREAM_TIMEOUT',
    'UPSTREAM_TIMEOUT',
  ])
})

test('an unknown method is _OTHER, and its span has a generic name', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, sampleAll), {
    spans: spans.output,
    cleartext: 'h2',
  })
  using client = await H2Client.connect(proxy.port)
  const stream = client.request({ ':method': 'PURGE', ':path': '/' }, { endStream: true })
  stream.resume()
  const { servers, clients } = await spans.wait(2)
  for (const [span, name] of [
    [servers[0], 'HTTP /'],
    [clients[0], 'HTTP'],
  ] as const) {
    expect(span).toMatchObject({
      name,
      attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'PURGE' },
    })
  }
})

test('a CONNECT on an HTTP/2 stream is one SERVER span, too', async () => {
  await using origin = await startRawOrigin((socket) => socket.pipe(socket))
  const spans = collectSpans()
  await using proxy = await startEdge(forwardTo(sampleAll), { spans: spans.output, cleartext: 'h2' })
  using client = await H2Client.connect(proxy.port)
  const stream = client.request(
    { ':method': 'CONNECT', ':authority': origin.authority },
    { endStream: false },
  )
  stream.resume()
  stream.end('hello')
  const { servers, clients } = await spans.wait(1)
  expect(clients).toEqual([])
  expect(servers[0]).toMatchObject({
    name: 'CONNECT',
    attributes: { 'network.protocol.version': '2', 'http.response.status_code': 200 },
    events: [{ name: 'proxy.tunnel.ended', attributes: { 'proxy.tunnel.end': 'done' } }],
  })
})

test('the requested host and the address of the client are those that a trusted proxy forwards', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { ...sampleAll, trust: { proxies: ['127.0.0.1'] } }),
    { spans: spans.output },
  )
  using client = await RawClient.connect(proxy.port)
  await client.get('/', 'X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Host: evil.test, www.test:444')
  const { servers } = await spans.wait(2)
  expect(servers[0]?.attributes).toMatchObject({
    'client.address': '192.0.2.7',
    'network.peer.address': '127.0.0.1',
    'server.address': 'www.test',
    'server.port': 444,
  })
  expect(sentTo(origin, 'traceparent')).toHaveLength(1)
})
