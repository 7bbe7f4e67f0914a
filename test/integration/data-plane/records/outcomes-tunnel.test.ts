import { once } from 'node:events'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { AccessRecord } from '../../../../src/telemetry/access-log/access-record.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge, type TestEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin, startScriptedOrigin } from '../../../kit/origins/origin.ts'

import { until } from '../../../kit/waiting/until.ts'

/** Access-log records of the ends of tunnels and WebSockets. */

async function recordOf(proxy: TestEdge, at = 0): Promise<AccessRecord> {
  await until('it is recorded', () => proxy.records.length > at)
  return proxy.records[at] as AccessRecord
}

test('a tunnel has one record, at its end, with all its bytes', async () => {
  await using origin = await startRawOrigin((socket) => socket.pipe(socket))
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  client.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
  await client.responseHead()
  client.send('x'.repeat(1000))
  await client.bytes(1000)
  expect(proxy.counters().requestsTotal).toBe(1)
  expect(proxy.records).toEqual([])
  client.end()
  await client.rest()
  const record = await recordOf(proxy)
  expect(record).toMatchObject({ method: 'CONNECT', status: 200, tunnelEnd: 'done', termination: '--' })
  expect(record).toMatchObject({ upstream: `tcp://${origin.authority}`, attempts: 1 })
  expect([record.received, record.sent]).toEqual([client.socket.bytesWritten, client.socket.bytesRead])
})

test('the record of a tunnel names the side or the limit that ended it', async () => {
  await using resets = await startRawOrigin((socket) => socket.once('data', () => socket.resetAndDestroy()))
  await using waits = await startRawOrigin(() => {})
  await using proxy = await startEdge(forwardTo({ timeouts: { idleMs: 400 } }))
  await using brief = await startEdge(forwardTo({ timeouts: { maxTunnelMs: 150 } }))
  const open = async ({ port }: TestEdge, authority: string): Promise<RawClient> => {
    const client = await RawClient.connect(port)
    client.head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`)
    await client.responseHead()
    return client
  }
  using upstream = await open(proxy, resets.authority)
  upstream.send('x')
  expect(await recordOf(proxy)).toMatchObject({ termination: 'ST', tunnelEnd: 'upstream' })
  const client = await open(proxy, waits.authority)
  client.socket.resetAndDestroy()
  expect(await recordOf(proxy, 1)).toMatchObject({ termination: 'CT', tunnelEnd: 'client' })
  using idle = await open(proxy, waits.authority)
  await idle.ended()
  expect(await recordOf(proxy, 2)).toMatchObject({
    termination: 'LT',
    tunnelEnd: 'idle',
    reason: 'resource_limits.idle_timeout_secs',
  })
  using old = await open(brief, waits.authority)
  await old.ended()
  const reason = 'timeouts.max_tunnel_secs'
  expect(await recordOf(brief)).toMatchObject({ termination: 'LT', tunnelEnd: 'max_tunnel', reason })
})

test('a WebSocket has one record, at its end, with the requested target', async () => {
  await using origin = await startOrigin()
  const server = new WebSocketServer({ server: origin.server as never })
  server.on('connection', (socket) => socket.on('message', (data) => socket.send(data)))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const socket = new WebSocket(`ws://127.0.0.1:${proxy.port}/chat?x=1`)
  await once(socket, 'open')
  socket.send('x'.repeat(500))
  await once(socket, 'message')
  expect(proxy.records).toEqual([])
  socket.close()
  const record = await recordOf(proxy)
  expect(record).toMatchObject({ status: 101, target: '/chat?x=1', tunnelEnd: 'done', termination: '--' })
  expect(record.sent).toBeGreaterThan(500)
  expect(record.connectedAt).toBeGreaterThan(record.startedAt)
})

test('a refused upgrade has its status and the size of its answer', async () => {
  await using origin = await startScriptedOrigin('HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\nnever', {
    keepOpen: true,
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET /ws HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket')
  await client.response()
  client.end()
  const record = await recordOf(proxy)
  expect(record).toMatchObject({ status: 403, termination: '--', tunnelEnd: null })
  expect(record.sent).toBe(client.socket.bytesRead)
})
