import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import {
  type Origin,
  startOrigin,
  startRawOrigin,
  startScriptedOrigin,
  unusedPort,
} from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const upgrade = [
  'Host: client.test',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]

/** Short lifetime of pooled connections and short idle timeout. */
const brief = { timeouts: { lifetimeMs: 50, idleMs: 2_000 } }

function echoOn(origin: Origin): WebSocketServer {
  const server = new WebSocketServer({ server: origin.server as never })
  server.on('connection', (socket, req) => {
    origin.seen.push({ rawHeaders: req.rawHeaders, url: req.url ?? '' } as never)
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  return server
}

function neverAnswer(origin: Origin): void {
  origin.server.on('upgrade', (_req: unknown, socket: Socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.end()).resume()
  })
}

const value = (rawHeaders: readonly string[], name: string) =>
  rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name)

test("a WebSocket echoes through the proxy, and its origin sees the client's address", async () => {
  await using origin = await startOrigin()
  echoOn(origin)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}/base`))
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/chat?x=1`)
  await once(socket, 'open')
  socket.send('hello')
  const [message] = await once(socket, 'message')
  expect(String(message)).toBe('hello')
  const { rawHeaders, url } = origin.last
  expect(url).toBe('/base/chat?x=1')
  expect(value(rawHeaders, 'x-forwarded-for')).toEqual(['127.0.0.1'])
  expect(value(rawHeaders, 'via')).toEqual(['1.1 bifrost-test'])
  expect(value(rawHeaders, 'host')).toEqual([`127.0.0.1:${proxy.port}`])
  expect(proxy.counters()).toMatchObject({ tunnelsActive: 1, requestsTotal: 1, requestsFailed: 0 })
  socket.close()
  await once(socket, 'close')
  await until('both sides are closed', () => proxy.edge.open === 0 && origin.sockets.size === 0)
  expect(proxy.counters().tunnelsActive).toBe(0)
})

test('a WebSocket goes through a forward proxy in absolute-form', async () => {
  await using origin = await startOrigin()
  echoOn(origin)
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  client.head(`GET http://${origin.authority}/chat HTTP/1.1`, ...upgrade)
  expect((await client.responseHead()).status).toBe(101)
  expect(value(origin.last.rawHeaders, 'host')).toEqual([origin.authority])
})

test('bytes sent with the 101 are the first of the tunnel', async () => {
  await using origin = await startScriptedOrigin(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade, X-Hop\r\nX-Hop: 1\r\nUpgrade: websocket\r\n\r\nfirst',
    { keepOpen: true },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  const head = await client.responseHead()
  expect(head.status).toBe(101)
  expect(head.get('upgrade')).toBe('websocket')
  expect(head.all('x-hop')).toEqual([])
  expect((await client.bytes(5)).toString()).toBe('first')
})

test('another answer of the origin is relayed without a switch', async () => {
  await using origin = await startOrigin((_req, res) => res.writeHead(403, { 'X-Why': 'no' }).end('not here'))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  const response = await client.response()
  expect(response.status).toBe(403)
  expect(response.text).toBe('not here')
  expect(response.get('x-why')).toBe('no')
  await client.ended()
  expect(proxy.counters()).toMatchObject({ requestsTotal: 1, requestsFailed: 0, tunnelsTotal: 0 })
})

test('another answer that the origin breaks off breaks off the client', async () => {
  await using origin = await startScriptedOrigin('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc')
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  await expect(client.response()).rejects.toThrow()
  await until('the proxy has closed it', () => proxy.edge.open === 0)
})

test('an upgrade to an upstream that refuses gives a 502', async () => {
  await using proxy = await startEdge(reverseTo(`http://127.0.0.1:${await unusedPort()}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  const response = await client.response()
  expect(response.status).toBe(502)
  expect(response.text).not.toContain('127.0.0.1')
  await until('the proxy has closed it', () => proxy.edge.open === 0)
  expect(proxy.counters()).toMatchObject({ requestsTotal: 1, requestsFailed: 1 })
})

test('an upgrade that is never answered gives a 504', async () => {
  await using origin = await startOrigin(() => {})
  neverAnswer(origin)
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { timeouts: { connectMs: 100, responseMs: 100 } }),
  )
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  expect((await client.response()).status).toBe(504)
})

test.each([
  ['to nothing', ''],
  ['to a protocol not requested', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'],
])('an origin that switches %s gives a 502', async (_, fields) => {
  await using origin = await startScriptedOrigin(`HTTP/1.1 101 Switching Protocols\r\n${fields}\r\nfirst`)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  expect((await client.response()).status).toBe(502)
  expect(proxy.counters()).toMatchObject({ tunnelsTotal: 0, requestsFailed: 1 })
  await until('nothing is left open', () => proxy.edge.open === 0 && origin.sockets.size === 0)
})

test('an origin that resets before its answer gives a 502', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', () => socket.resetAndDestroy())
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  expect((await client.response()).status).toBe(502)
})

test('a client that leaves before the answer ends the request at the origin', async () => {
  await using origin = await startOrigin(() => {})
  neverAnswer(origin)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  await until('the origin sees it', () => origin.sockets.size === 1)
  client.socket.resetAndDestroy()
  await until('the upstream side is closed', () => origin.sockets.size === 0)
  expect(proxy.counters()).toMatchObject({ requestsTotal: 1, requestsFailed: 1 })
})

test('both sides of an upgraded connection end together, whichever is reset', async () => {
  for (const side of ['client', 'origin'] as const) {
    await using origin = await startOrigin()
    echoOn(origin)
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', ...upgrade)
    await client.responseHead()
    if (side === 'client') client.socket.resetAndDestroy()
    else for (const socket of origin.sockets) socket.resetAndDestroy()
    await until(`all is closed after the ${side}`, () => proxy.edge.open === 0 && origin.sockets.size === 0)
    expect(proxy.counters().tunnelsActive).toBe(0)
  }
})

test('an upgraded connection without traffic is closed', async () => {
  await using origin = await startOrigin()
  echoOn(origin)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { timeouts: { idleMs: 150 } }))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  await client.responseHead()
  await client.ended()
  await until('all is closed', () => proxy.edge.open === 0 && origin.sockets.size === 0)
})

test.each([
  ['forward', () => forwardTo(brief)],
  ['reverse', (target: string) => reverseTo(target, brief)],
] as const)(
  'a WebSocket of a %s proxy outlives lifetimeMs and idleMs while it is used',
  async (kind, settings) => {
    await using origin = await startOrigin()
    echoOn(origin)
    const target = `http://${origin.authority}`
    await using proxy = await startEdge(settings(target))
    using client = await RawClient.connect(proxy.port)
    client.head(`GET ${target}/ HTTP/1.1`.replace(kind === 'reverse' ? target : '', ''), ...upgrade)
    expect((await client.responseHead()).status).toBe(101)
    const startedAt = performance.now()
    // An unmasked ping would be refused: this one is empty and masked with a key of zeros.
    const chatter = setInterval(() => client.send(Buffer.from([0x89, 0x80, 0, 0, 0, 0])), 20)
    await until('it is older than both', () => client.isEnded || performance.now() - startedAt > 3_000)
    clearInterval(chatter)
    expect(client.isEnded).toBe(false)
    expect(client.pending.length).toBeGreaterThan(0)
  },
)

test('a busy WebSocket is closed after maxTunnelMs', async () => {
  await using origin = await startOrigin()
  echoOn(origin)
  const tuning = { timeouts: { maxTunnelMs: 200 } }
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, tuning))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  await client.responseHead()
  const chatter = setInterval(() => client.send(Buffer.from([0x89, 0x80, 0, 0, 0, 0])), 20)
  await client.ended()
  clearInterval(chatter)
  await until('it is recorded', () => proxy.records.length === 1)
  const reason = 'timeouts.max_tunnel_secs'
  expect(proxy.records[0]).toMatchObject({ termination: 'LT', tunnelEnd: 'max_tunnel', reason })
})

test('a WebSocket that loops gets a 508', async () => {
  await using proxy = await startEdge(reverseTo('http://127.0.0.1:9'), { pseudonym: 'edge-1' })
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade, 'Via: 1.1 edge-1')
  expect((await client.response()).status).toBe(508)
})
