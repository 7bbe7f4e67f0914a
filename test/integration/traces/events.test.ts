import { expect, test } from 'vitest'
import { H2Client } from '../../kit/clients/h2-client.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge, type Tuning } from '../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../kit/origins/origin.ts'
import { always, collectSpans, sentTo } from '../../kit/telemetry/spans.ts'
import { until } from '../../kit/waiting/until.ts'

/** What a SERVER span tells besides its attributes. */

async function refusedBy(tuning: Tuning, fields: readonly string[] = [], times = 1) {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { ...always, ...tuning }), {
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
  '%s is refused: %d, an event that says why, and no error',
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

test('a loop is an error of the proxy, and refused', async () => {
  const span = await refusedBy({}, ['Via: 1.1 bifrost-test'])
  expect(span).toMatchObject({
    status: 'error',
    attributes: { 'http.response.status_code': 508, 'error.type': 'LOOP' },
    events: [{ name: 'proxy.refused', attributes: { 'proxy.error': 'LOOP' } }],
  })
})

test('a target that is none is a span of the worker, too', async () => {
  const spans = collectSpans()
  await using proxy = await startEdge(forwardTo(always), { spans: spans.output })
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

test('a request that waits for its turn says how long', async () => {
  await using origin = await startOrigin((_req, res) => void setTimeout(() => res.end('hello'), 50))
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, always), {
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

test('an upstream that breaks off within its answer is an error of both, with the status that was sent', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf', () => socket.resetAndDestroy())
    })
  })
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, always), {
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

test('an upstream that does not answer in time is an error of both', async () => {
  await using origin = await startOrigin(() => {})
  const spans = collectSpans()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { ...always, timeouts: { responseMs: 50 } }),
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

test('a method that nobody knows is _OTHER, and its span has a name of the few', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, always), {
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

test('a CONNECT on a stream of HTTP/2 is one SERVER span, too', async () => {
  await using origin = await startRawOrigin((socket) => socket.pipe(socket))
  const spans = collectSpans()
  await using proxy = await startEdge(forwardTo(always), { spans: spans.output, cleartext: 'h2' })
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

test('a trusted proxy says which host it was asked for, and where the client is', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { ...always, trust: { proxies: ['127.0.0.1'] } }),
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
