import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, startEdge, type TestEdge } from '../../../kit/daemons/data-plane.ts'
import { startRawOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

async function openTunnel(proxy: TestEdge, authority: string): Promise<RawClient> {
  const client = await RawClient.connect(proxy.port)
  client.head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`)
  const { status } = await client.responseHead()
  if (status !== 200) throw new Error(`CONNECT was answered with ${status}`)
  return client
}

const echo = (socket: Socket): void => {
  socket.pipe(socket)
}

test("the client's FIN reaches the upstream while the answer is still arriving", async () => {
  await using origin = await startRawOrigin((socket) => {
    let got = ''
    socket.on('data', (chunk) => {
      got += chunk
    })
    socket.on('end', () => socket.end(`you said ${got}`))
  })
  await using proxy = await startEdge(forwardTo())
  using client = await openTunnel(proxy, origin.authority)
  client.send('all of it').end()
  expect((await client.rest()).toString()).toBe('you said all of it')
  await until('the tunnel is no longer counted', () => proxy.counters().tunnelsActive === 0)
})

test("the upstream's FIN reaches the client, which may still send", async () => {
  let got = ''
  await using origin = await startRawOrigin((socket) => {
    socket.end('bye')
    socket.on('data', (chunk) => {
      got += chunk
    })
  })
  await using proxy = await startEdge(forwardTo())
  using client = await openTunnel(proxy, origin.authority)
  expect((await client.rest()).toString()).toBe('bye')
  client.send('one more thing').end()
  await until('it arrives', () => got === 'one more thing')
})

test('a tunnel without traffic is closed', async () => {
  await using origin = await startRawOrigin(echo)
  await using proxy = await startEdge(forwardTo({ timeouts: { idleMs: 150 } }))
  using client = await openTunnel(proxy, origin.authority)
  await client.ended()
  await until('the upstream side is closed', () => origin.sockets.size === 0)
})

test('a busy tunnel is closed after maxTunnelMs', async () => {
  await using origin = await startRawOrigin(echo)
  await using proxy = await startEdge(forwardTo({ timeouts: { maxTunnelMs: 300 } }))
  const startedAt = performance.now()
  using client = await openTunnel(proxy, origin.authority)
  const chatter = setInterval(() => client.send('x'), 20)
  await client.ended()
  clearInterval(chatter)
  expect(performance.now() - startedAt).toBeGreaterThan(250)
})

test('a tunnel outlives lifetimeMs and idleMs while bytes go in one direction', async () => {
  await using origin = await startRawOrigin((socket) => socket.resume())
  await using proxy = await startEdge(forwardTo({ timeouts: { lifetimeMs: 50, idleMs: 2_000 } }))
  using client = await openTunnel(proxy, origin.authority)
  const startedAt = performance.now()
  const chatter = setInterval(() => client.send('x'), 20)
  await until('it is older than both', () => client.isEnded || performance.now() - startedAt > 3_000)
  clearInterval(chatter)
  expect(client.isEnded).toBe(false)
  expect(proxy.counters().tunnelsActive).toBe(1)
})

test('a reset of one side ends the other', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.once('data', () => socket.resetAndDestroy())
  })
  await using proxy = await startEdge(forwardTo())
  using client = await openTunnel(proxy, origin.authority)
  client.send('x')
  await client.ended()
  await until('the proxy has closed both', () => proxy.edge.open === 0)
})

test('a client that leaves while the upstream is dialled leaves nothing behind', async () => {
  await using origin = await startRawOrigin(echo)
  await using proxy = await startEdge(forwardTo())
  const client = await RawClient.connect(proxy.port)
  client.head(`CONNECT ${origin.authority} HTTP/1.1`, 'Host: a')
  client.destroy()
  await until('the proxy has closed it', () => proxy.accepted.length === 1 && proxy.edge.open === 0)
  await until('the upstream side is closed', () => origin.sockets.size === 0)
})

test('a tunnel counts its bytes, and is a successful request', async () => {
  await using origin = await startRawOrigin(echo)
  await using proxy = await startEdge(forwardTo())
  const client = await openTunnel(proxy, origin.authority)
  expect(proxy.counters()).toMatchObject({ tunnelsActive: 1, tunnelsTotal: 1, requestsTotal: 1 })
  client.send('12345')
  await client.bytes(5)
  client.end()
  await client.ended()
  await until('it is no longer counted', () => proxy.counters().tunnelsActive === 0)
  const { bytesRead, bytesWritten } = client.socket
  expect(proxy.counters()).toMatchObject({
    bytesReceived: bytesWritten,
    bytesSent: bytesRead,
    requestsFailed: 0,
  })
})

test('a CONNECT without a port or with a path gets a 400', async () => {
  await using proxy = await startEdge(forwardTo())
  for (const target of [
    'example.test',
    'example.test:',
    'example.test:0',
    'a@example.test:1',
    'example.test:99999',
  ]) {
    using client = await RawClient.connect(proxy.port)
    client.head(`CONNECT ${target} HTTP/1.1`, 'Host: a')
    expect((await client.response()).status, target).toBe(400)
  }
})
