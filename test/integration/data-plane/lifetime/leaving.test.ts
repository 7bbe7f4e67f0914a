import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { H2Client } from '../../../kit/clients/h2-client.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge, type TestEdge } from '../../../kit/daemons/data-plane.ts'
import { startRawOrigin, startScriptedOrigin } from '../../../kit/origins/origin.ts'
import { startStuckListener } from '../../../kit/origins/stuck-listener.ts'
import { until } from '../../../kit/waiting/until.ts'

/**
 * Clients that leave before their upstream answers. No other limit ends these exchanges: each would take ten
 * minutes. By default a FIN would not end them either.
 */
const timeouts = { connectMs: 600_000, responseMs: 600_000, idleMs: 600_000 }
const patient = { timeouts, pace: { halfClosedMs: 300 } }

const upgrade = ['Host: client.test', 'Connection: Upgrade', 'Upgrade: websocket']

const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

const neverAnswer = (socket: Socket) => socket.on('end', () => socket.end()).resume()

const leave = {
  FIN: (client: RawClient) => client.end(),
  reset: (client: RawClient) => client.socket.resetAndDestroy(),
} as const

const ways = ['FIN', 'reset'] as const

async function isRecorded(proxy: TestEdge): Promise<void> {
  await until('it is recorded', () => proxy.records.length === 1)
  expect(proxy.records[0]).toMatchObject({ status: 499, code: 'CLIENT_ABORTED' })
  await until('the proxy has closed it', () => proxy.edge.open === 0)
  expect(proxy.counters()).toMatchObject({ requestsFailed: 1, requestsFailedByClient: 1 })
}

for (const scheme of ['http', 'https'] as const) {
  const what = scheme === 'http' ? 'silent origin' : 'silent TLS handshake'

  test.each(ways)(`a WebSocket handshake with a ${what} ends with its client (%s)`, async (way) => {
    await using origin = await startRawOrigin(neverAnswer)
    await using proxy = await startEdge(reverseTo(`${scheme}://${origin.authority}`, patient))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', ...upgrade)
    await until('the origin has its connection', () => origin.sockets.size === 1)
    leave[way](client)
    await until('the upstream connection is closed', () => origin.sockets.size === 0)
    await isRecorded(proxy)
  })

  test.each(ways)(`a request to a ${what} ends with its client (%s)`, async (way) => {
    await using origin = await startRawOrigin(neverAnswer)
    await using proxy = await startEdge(reverseTo(`${scheme}://${origin.authority}`, patient))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', 'Host: client.test')
    await until('the origin has its connection', () => origin.sockets.size === 1)
    leave[way](client)
    await until('the upstream connection is closed', () => origin.sockets.size === 0)
    await until('the proxy has closed it', () => proxy.edge.open === 0)
    expect(proxy.records.length).toBe(1)
  })

  test(`an HTTP/2 stream to a ${what} ends with its reset`, async () => {
    await using origin = await startRawOrigin(neverAnswer)
    await using proxy = await startEdge(reverseTo(`${scheme}://${origin.authority}`, patient), {
      cleartext: 'h2',
    })
    using client = await H2Client.connect(proxy.port)
    const stream = client.request({ ':path': '/' })
    await until('the origin has its connection', () => origin.sockets.size === 1)
    stream.close(8)
    await until('the upstream connection is closed', () => origin.sockets.size === 0)
    expect(proxy.records[0]).toMatchObject({ status: 499, code: 'CLIENT_ABORTED' })
  })
}

test('a FIN that arrives with the request is noticed', async () => {
  await using origin = await startRawOrigin(neverAnswer)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, patient))
  using client = await RawClient.connect(proxy.port)
  client.socket.end(`GET / HTTP/1.1\r\n${upgrade.join('\r\n')}\r\n\r\nahead`)
  await until('the origin has had its connection', () => origin.accepted === 1)
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
  await isRecorded(proxy)
})

test('a half-closed client still reads the answer to its handshake', async () => {
  await using origin = await startScriptedOrigin('HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\nnever')
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, patient))
  using client = await RawClient.connect(proxy.port)
  client.socket.end(`GET / HTTP/1.1\r\n${upgrade.join('\r\n')}\r\n\r\n`)
  expect(await client.response()).toMatchObject({ status: 403, text: 'never' })
})

test.each(ways)('a declined upgrade with a stalled body ends with its client (%s)', async (way) => {
  await using origin = await startScriptedOrigin('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbody', {
    keepOpen: true,
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, patient))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  await client.until('body')
  leave[way](client)
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
  await until('the proxy has closed it', () => proxy.edge.open === 0)
})

test('bytes sent before the switch reach the origin in order', async () => {
  let got = ''
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1')
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, patient))
  using client = await RawClient.connect(proxy.port)
  client.send(`GET / HTTP/1.1\r\n${upgrade.join('\r\n')}\r\n\r\none`)
  await until('the origin has the request', () => got.includes('\r\n\r\n'))
  client.send('two')
  await until('the proxy holds both', () => proxy.accepted[0]?.bytesRead === client.socket.bytesWritten)
  for (const socket of origin.sockets) socket.write(switched)
  expect((await client.responseHead()).status).toBe(101)
  client.send('three')
  await until('all bytes have arrived', () => got.endsWith('onetwothree'))
  const { tunnelBytesReceived } = proxy.counters()
  expect(tunnelBytesReceived).toBe('onetwothree'.length)
})

test.each(ways)('a CONNECT that is being dialled ends with its client (%s)', async (way) => {
  await using stuck = await startStuckListener()
  await using proxy = await startEdge(forwardTo(patient))
  using client = await RawClient.connect(proxy.port)
  client.head(`CONNECT 127.0.0.1:${stuck.port} HTTP/1.1`, 'Host: a')
  await until('it is a request', () => proxy.accepted[0]?.bytesRead === client.socket.bytesWritten)
  leave[way](client)
  await isRecorded(proxy)
})

test.each(ways)('a request that waits for its upstream connection ends with its client (%s)', async (way) => {
  await using stuck = await startStuckListener()
  await using proxy = await startEdge(forwardTo(patient))
  using client = await RawClient.connect(proxy.port)
  client.head(`GET http://127.0.0.1:${stuck.port}/ HTTP/1.1`, 'Host: a')
  await until('it is a request', () => proxy.accepted[0]?.bytesRead === client.socket.bytesWritten)
  leave[way](client)
  await until('the proxy has closed it', () => proxy.edge.open === 0)
  expect(proxy.records.length).toBe(1)
  await until('no upstream connection is left', () => proxy.counters().upstreamOpen === 0)
})

test('an HTTP/2 CONNECT that is being dialled ends with its stream', async () => {
  await using stuck = await startStuckListener()
  await using proxy = await startEdge(forwardTo(patient), { cleartext: 'h2' })
  using client = await H2Client.connect(proxy.port)
  const authority = `127.0.0.1:${stuck.port}`
  const stream = client.request({ ':method': 'CONNECT', ':authority': authority }, { endStream: false })
  await until('it is sent', () => stream.sentHeaders !== undefined)
  // A PING is answered after all frames before it.
  await new Promise<void>((resolve) => client.session.ping(() => resolve()))
  stream.close(8)
  await until('it is recorded', () => proxy.records.length === 1)
  expect(proxy.records[0]).toMatchObject({ status: 499, code: 'CLIENT_ABORTED' })
})

test('a client that sends and half-closes before its tunnel is open is served', async () => {
  await using origin = await startRawOrigin((socket) => {
    let got = ''
    socket.on('data', (chunk) => {
      got += chunk
    })
    socket.on('end', () => socket.end(`you said ${got}`))
  })
  await using proxy = await startEdge(forwardTo(patient))
  using client = await RawClient.connect(proxy.port)
  client.socket.end(`CONNECT ${origin.authority} HTTP/1.1\r\nHost: a\r\n\r\nall of it`)
  expect((await client.responseHead()).status).toBe(200)
  expect((await client.rest()).toString()).toBe('you said all of it')
})

test('by default a half-closed client is waited for, for a request, a handshake and a tunnel', async () => {
  await using stuck = await startStuckListener()
  await using origin = await startRawOrigin(neverAnswer)
  const pace = { halfClosedMs: 0 }
  await using reverse = await startEdge(reverseTo(`http://${origin.authority}`, { timeouts, pace }))
  await using forward = await startEdge(forwardTo({ timeouts, pace }))
  using request = await RawClient.connect(reverse.port)
  using handshake = await RawClient.connect(reverse.port)
  using connect = await RawClient.connect(forward.port)
  request.socket.end('GET / HTTP/1.1\r\nHost: client.test\r\n\r\n')
  handshake.socket.end(`GET / HTTP/1.1\r\n${upgrade.join('\r\n')}\r\n\r\n`)
  connect.socket.end(`CONNECT 127.0.0.1:${stuck.port} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await until('all have arrived', () => forward.accepted.length + reverse.accepted.length === 3)
  // Six times the limit of the other tests.
  await new Promise((resolve) => setTimeout(resolve, 1_800))
  expect([request.isEnded, handshake.isEnded, connect.isEnded]).toEqual([false, false, false])
  expect([...reverse.records, ...forward.records]).toEqual([])
})

test('a client that sends a lot before its answer is slowed down, and loses nothing', async () => {
  const size = 1024 * 1024
  let [received, asked] = [0, 0]
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', () => {
      asked += 1
      socket.on('data', (chunk) => {
        received += chunk.length
      })
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, patient))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  client.send(Buffer.alloc(size, 'x'))
  await until('the proxy has stopped reading', () => proxy.transports[0]?.isPaused === true)
  expect(proxy.transports[0]?.bytesRead).toBeLessThan(size / 2)
  await until('the origin has the request', () => asked === 1)
  for (const upstream of origin.sockets) upstream.write(switched)
  await until('all bytes have arrived', () => received === size)
})
