import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { staticSettings } from '../../static/site.ts'

const trusted = { trust: { proxies: ['127.0.0.0/8'] } }

test('provenance fields of an untrusted peer are dropped, in every spelling', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  await client.get(
    '/',
    'X-Forwarded-For: 10.0.0.1',
    'x-forwarded-for: 10.0.0.2',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Host: evil.test',
    'X-Forwarded-Port: 1',
    'X-Forwarded-Prefix: /admin',
    'X_Forwarded_For: 10.0.0.3',
    'X-Real-IP: 10.0.0.4',
    'Forwarded: for=10.0.0.5',
  )
  const { last } = origin
  expect(last.rawHeaders.join('\n')).not.toMatch(/10\.0\.0|https|evil|admin/)
  expect(last.all('x-forwarded-for')).toEqual(['127.0.0.1'])
  expect(last.all('x-forwarded-proto')).toEqual(['http'])
  expect(last.all('x-forwarded-host')).toEqual(['client.test'])
  expect(last.all('forwarded')).toEqual(['for=127.0.0.1;host=client.test;proto=http'])
})

test('the fields of a trusted proxy are extended, and Forwarded agrees with them', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, trusted))
  using client = await RawClient.connect(proxy.port)
  await client.get(
    '/',
    'X-Forwarded-For: 10.0.0.1',
    'x-forwarded-for: 2001:db8::2',
    'X-Forwarded-Proto: https',
    'X-Forwarded-Port: 443',
    'Forwarded: for=6.6.6.6',
  )
  const { last } = origin
  expect(last.all('x-forwarded-for')).toEqual(['10.0.0.1, 2001:db8::2, 127.0.0.1'])
  expect(last.all('x-forwarded-proto')).toEqual(['https'])
  expect(last.all('x-forwarded-port')).toEqual(['443'])
  expect(last.all('forwarded')).toEqual([
    'for=10.0.0.1, for="[2001:db8::2]";proto=https, for=127.0.0.1;host=client.test;proto=http',
  ])
})

test.each([
  ['one hop', 'X-Forwarded-For: 192.0.2.7', 'https', 'www.test', 'https', 'www.test'],
  [
    'two hops',
    'X-Forwarded-For: 192.0.2.7, 127.0.0.8',
    'https, http',
    'www.test, a.test',
    'https',
    'www.test',
  ],
  [
    'a forged value',
    'X-Forwarded-For: 6.6.6.6, 192.0.2.7',
    'https, http',
    'evil.test, www.test',
    'http',
    'www.test',
  ],
  ['no hop', 'X-A: 1', 'https', 'www.test', 'https', 'www.test'],
  ['values that are not valid', 'X-Forwarded-For: 192.0.2.7', 'gopher', 'a b', 'http', 'client.test'],
])('behind a trusted load balancer the upstream sees one protocol and one host: %s', async (...row) => {
  const [, hops, proto, host, seenProto, seenHost] = row
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, trusted))
  using client = await RawClient.connect(proxy.port)
  await client.get('/', hops, `X-Forwarded-Proto: ${proto}`, `X-Forwarded-Host: ${host}`)
  expect(origin.last.all('x-forwarded-proto')).toEqual([seenProto])
  expect(origin.last.all('x-forwarded-host')).toEqual([seenHost])
})

test('several lines of a field form one list', async () => {
  await using origin = await startOrigin()
  const trust = { proxies: ['127.0.0.1'], believes: 'forwarded' as const }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { trust }))
  using client = await RawClient.connect(proxy.port)
  await client.get(
    '/',
    'Forwarded: for="open',
    'Forwarded: for=192.0.2.7;proto=https',
    'forwarded: for=127.0.0.1',
  )
  expect(origin.last.all('forwarded')).toEqual([
    'for=192.0.2.7;proto=https, for=127.0.0.1, for=127.0.0.1;host=client.test;proto=http',
  ])
  expect(origin.last.all('x-forwarded-for')).toEqual(['192.0.2.7, 127.0.0.1, 127.0.0.1'])
  expect(origin.last.all('x-forwarded-proto')).toEqual(['https'])
  expect(proxy.records.at(-1)?.client).toBe('192.0.2.7')
})

test('two chained proxies report https to the upstream if the first was reached over https', async () => {
  await using origin = await startOrigin()
  await using inner = await startEdge(reverseTo(`http://${origin.authority}`, trusted))
  await using outer = await startEdge(reverseTo(`http://127.0.0.1:${inner.port}`, trusted), {
    pseudonym: 'bifrost-outer',
  })
  using client = await RawClient.connect(outer.port)
  const fields = ['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Proto: https', 'X-Forwarded-Host: www.test']
  await client.get('/', ...fields)
  expect(origin.last.all('x-forwarded-proto')).toEqual(['https'])
  expect(origin.last.all('x-forwarded-host')).toEqual(['www.test'])
  expect(origin.last.all('x-forwarded-for')).toEqual(['192.0.2.7, 127.0.0.1, 127.0.0.1'])
})

test('an Upgrade gets the same fields as a request', async () => {
  await using origin = await startOrigin()
  let seen: readonly string[] = []
  origin.server.on('upgrade', (req, socket) => {
    seen = req.rawHeaders
    const accept = createHash('sha1')
      .update(`${req.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64')
    socket.on('error', () => socket.destroy())
    socket.write(
      `HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Request-Id: theirs\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
  })
  const tuning = { requestId: { inResponse: true } }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, tuning))
  using client = await RawClient.connect(proxy.port)
  client.head(
    'GET / HTTP/1.1',
    'Host: a.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Forwarded: for=10.0.0.5',
    'X-Request-Id: mine',
  )
  const head = await client.responseHead()
  expect(head.status).toBe(101)
  const sent = seen.filter((_, at) => seen[at - 1]?.toLowerCase() === 'forwarded')
  expect(sent).toEqual(['for=127.0.0.1;host=a.test;proto=http'])
  const ids = seen.filter((_, at) => seen[at - 1]?.toLowerCase() === 'x-request-id')
  expect(head.all('x-request-id')).toEqual(ids)
  expect(ids).toHaveLength(1)
  expect(ids[0]).not.toBe('mine')
})

test.each([
  [{ xForwarded: false, forwarded: false }, undefined, undefined],
  [{ xForwarded: false }, undefined, /^for=127\.0\.0\.1;/],
  [{ forwarded: false }, /^127\.0\.0\.1$/, undefined],
  [{ names: 'unknown' }, /^unknown$/, /^for=unknown;/],
  [{ names: 'obfuscated' }, /^_[0-9a-f]{12}$/, /^for=_[0-9a-f]{12};/],
] as const)('forwarding %j', async (forwarding, xForwardedFor, forwarded) => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(forwardTo({ forwarding }))
  using client = await RawClient.connect(proxy.port)
  await client.get(`http://${origin.authority}/`)
  const check = (value: string | undefined, pattern: RegExp | undefined) =>
    pattern === undefined ? expect(value).toBeUndefined() : expect(value).toMatch(pattern)
  check(origin.last.get('x-forwarded-for'), xForwardedFor)
  check(origin.last.get('forwarded'), forwarded)
})

test('an obfuscated name is constant for a connection and different for others', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { forwarding: { names: 'obfuscated' } }),
  )
  using one = await RawClient.connect(proxy.port)
  using other = await RawClient.connect(proxy.port)
  for (const client of [one, one, other]) await client.get('/')
  const [first, again, second] = origin.seen.map((request) => request.get('x-forwarded-for'))
  expect(again).toBe(first)
  expect(second).not.toBe(first)
})

test("without request ids a client's X-Request-Id is forwarded, and no id is generated", async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/', 'X-Request-Id: mine')
  expect(origin.last.all('x-request-id')).toEqual(['mine'])
  expect(response.all('x-request-id')).toEqual([])
  await client.get('/')
  expect(origin.last.all('x-request-id')).toEqual([])
})

test('each request has its own id, which replaces that of an untrusted peer or the upstream', async () => {
  await using origin = await startOrigin((_req, res) =>
    res.writeHead(200, { 'X-Request-Id': 'theirs' }).end(),
  )
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { requestId: { inResponse: true } }),
  )
  using client = await RawClient.connect(proxy.port)
  const ids = new Set<string | undefined>()
  for (const _ of [1, 2, 3]) {
    const response = await client.get('/', 'X-Request-Id: mine')
    expect(response.all('x-request-id')).toEqual(origin.last.all('x-request-id'))
    expect(response.all('x-request-id')).toHaveLength(1)
    ids.add(response.get('x-request-id'))
  }
  expect(ids.size).toBe(3)
  expect(ids).not.toContain('mine')
})

test.each([
  ['from.the:proxy/1', true],
  ['x'.repeat(129), false],
  ['has space', false],
  ['quo"te', false],
])('the request id %j of a trusted proxy is accepted: %s', async (id, isTaken) => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { ...trusted, requestId: { inResponse: false } }),
  )
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/', `X-Request-Id: ${id}`)
  expect(response.get('x-request-id')).toBeUndefined()
  expect(origin.last.get('x-request-id') === id).toBe(isTaken)
})

test('a failed exchange is logged with its request id, and its reply shows the same id', async () => {
  await using origin = await startOrigin()
  await origin.close()
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { requestId: { inResponse: true } }),
  )
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect(response.status).toBe(502)
  const id = response.get('x-request-id')
  expect(proxy.logged).toMatchObject([{ fields: { code: 'UPSTREAM_REFUSED', requestId: id } }])
})

test('files, refusals and tunnels show the request id too', async () => {
  await using origin = await startOrigin()
  const requestId = { inResponse: true }
  await using files = await startEdge({ ...staticSettings({ rootDir: 'config/site' }), requestId })
  using reader = await RawClient.connect(files.port)
  for (const path of ['/index.html', '/index.html', '/missing']) {
    expect((await reader.get(path)).all('x-request-id')).toHaveLength(1)
  }
  await using proxy = await startEdge(forwardTo({ requestId }))
  using client = await RawClient.connect(proxy.port)
  client.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
  expect((await client.responseHead()).all('x-request-id')).toHaveLength(1)
})
