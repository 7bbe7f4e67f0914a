import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startScriptedOrigin } from '../../../kit/origins/origin.ts'

test('hop-by-hop fields and fields named by Connection do not reach the upstream', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  await client.get(
    '/',
    'Connection: keep-alive, X-Secret',
    'X-Secret: 1',
    'Keep-Alive: timeout=5',
    'Proxy-Connection: keep-alive',
    'Proxy-Authorization: Basic eDp5',
    'TE: trailers, deflate',
    'X-Kept: 2',
  )
  for (const name of ['x-secret', 'keep-alive', 'proxy-connection', 'proxy-authorization']) {
    expect(origin.last.all(name), name).toEqual([])
  }
  expect(origin.last.get('te')).toBe('trailers')
  expect(origin.last.get('x-kept')).toBe('2')
})

test('hop-by-hop fields and fields named by Connection do not reach the client', async () => {
  await using origin = await startScriptedOrigin(
    [
      'HTTP/1.1 200 OK',
      'Connection: X-Secret, keep-alive',
      'X-Secret: 1',
      'Keep-Alive: timeout=77',
      'Proxy-Authenticate: Basic',
      'X-Kept: 2',
      'Content-Length: 2',
      '',
      'ok',
    ].join('\r\n'),
    { keepOpen: true },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect(response.text).toBe('ok')
  expect(response.all('x-secret')).toEqual([])
  expect(response.all('proxy-authenticate')).toEqual([])
  expect(response.all('keep-alive')).not.toContain('timeout=77')
  expect(response.get('x-kept')).toBe('2')
})

test('Connection cannot remove the fields that frame a message', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => {
    res.end(await seen.body)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client
    .head('POST / HTTP/1.1', 'Host: a', 'Connection: host, content-length', 'Content-Length: 4')
    .send('body')
  expect((await client.response()).text).toBe('body')
  expect(origin.last.get('host')).toBe('a')
})

test('Via is added in both directions', async () => {
  await using origin = await startOrigin((_req, res) => res.writeHead(200, { Via: '1.0 inner' }).end())
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { pseudonym: 'edge-1' })
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/', 'Via: 1.1 outer')
  expect(origin.last.all('via')).toEqual(['1.1 outer, 1.1 edge-1'])
  expect(response.all('via')).toEqual(['1.0 inner, 1.1 edge-1'])
})

test('a request that has already passed this proxy gets a 508', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(forwardTo(), { pseudonym: 'edge-1' })
  using client = await RawClient.connect(proxy.port)
  const response = await client.get(`http://${origin.authority}/`, 'Via: 1.1 edge-1 (it was me), 1.1 other')
  expect(response.status).toBe(508)
  expect(origin.seen).toHaveLength(0)
})

test('the case, the order and the duplicates of fields are kept both ways', async () => {
  await using origin = await startScriptedOrigin(
    'HTTP/1.1 200 Fine\r\nX-b: 1\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-B: 2\r\nContent-Length: 0\r\n\r\n',
    { keepOpen: true },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect(response.statusText).toBe('Fine')
  expect(response.rawHeaders.slice(0, 8)).toEqual([
    'X-b',
    '1',
    'Set-Cookie',
    'a=1',
    'set-cookie',
    'b=2',
    'X-B',
    '2',
  ])
})

test('a hundred Set-Cookie fields arrive as a hundred', async () => {
  const cookies = Array.from({ length: 100 }, (_, at) => `c${at}=${at}`)
  await using origin = await startOrigin((_req, res) => res.writeHead(200, { 'Set-Cookie': cookies }).end())
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).all('set-cookie')).toEqual(cookies)
})

test('two Host fields get a 400 and reach no upstream', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a', 'Host: b')
  expect((await client.response()).status).toBe(400)
  expect(origin.seen).toHaveLength(0)
})

test('an absolute-form target wins over Host at a reverse proxy', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET http://right.test/x HTTP/1.1', 'Host: wrong.test')
  expect((await client.response()).status).toBe(200)
  expect(origin.last.all('host')).toEqual(['right.test'])
  expect(origin.last.url).toBe('/x')
})

test('an Upgrade to anything but WebSocket is forwarded as an ordinary request', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get(
    '/',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AA',
  )
  expect(response.status).toBe(200)
  expect(origin.last.all('upgrade')).toEqual([])
  expect(origin.last.all('http2-settings')).toEqual([])
})

test('an Upgrade in HTTP/1.0 is ignored', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head(
    'GET / HTTP/1.0',
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  )
  expect((await client.response()).status).toBe(200)
  expect(origin.last.all('upgrade')).toEqual([])
})

test('an early hint is relayed before the response', async () => {
  await using origin = await startScriptedOrigin(
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    { keepOpen: true },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  const hint = await client.responseHead()
  expect(hint.status).toBe(103)
  expect(hint.get('link')).toBe('</a.css>; rel=preload')
  expect((await client.response()).text).toBe('ok')
})
