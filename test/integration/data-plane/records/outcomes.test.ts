import { expect, test } from 'vitest'
import type { AccessRecord } from '../../../../src/telemetry/access-log/access-record.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge, type TestEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin, startScriptedOrigin, unusedPort } from '../../../kit/origins/origin.ts'
import { startStuckListener } from '../../../kit/origins/stuck-listener.ts'
import { until } from '../../../kit/waiting/until.ts'

/** Access-log records of every way in which an exchange can end. */

async function recordOf(proxy: TestEdge, at = 0): Promise<AccessRecord> {
  await until('it is recorded', () => proxy.records.length > at)
  return proxy.records[at] as AccessRecord
}

/** For clients that never read: more than fits into the kernel's buffers. */
const flood = Buffer.alloc(64 * 1024, 'x')

test('a whole exchange has its bytes, its upstream and its times in order', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  await client.get('/a?b=c')
  await client.get('/second')
  const [first, second] = [await recordOf(proxy), await recordOf(proxy, 1)]
  expect(first).toMatchObject({
    service: 'reverse',
    client: '127.0.0.1',
    method: 'GET',
    target: '/a?b=c',
    host: 'client.test',
    version: 11,
    status: 200,
    code: null,
    termination: '--',
    upstream: `http://${origin.authority}`,
    attempts: 1,
    isReused: false,
    received: 'GET /a?b=c HTTP/1.1\r\nHost: client.test\r\n\r\n'.length,
  })
  expect(first.headMs).toBeGreaterThanOrEqual(0)
  expect(first.startedAt).toBeLessThanOrEqual(first.connectedAt)
  expect(first.connectedAt).toBeLessThanOrEqual(first.answeredAt)
  expect(first.answeredAt).toBeLessThanOrEqual(first.endedAt)
  expect(second).toMatchObject({ isReused: true, headMs: -1 })
  expect(first.sent + second.sent).toBe(client.socket.bytesRead)
})

test('a kept connection closed by the upstream leads to a second attempt', async () => {
  await using origin = await startRawOrigin((socket) => {
    let requests = 0
    socket.on('data', () => {
      requests += 1
      if (requests === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      else socket.resetAndDestroy()
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  await client.get('/')
  await client.get('/')
  expect(await recordOf(proxy, 1)).toMatchObject({
    attempts: 2,
    isReused: false,
    termination: '--',
    status: 200,
  })
})

test('a client that leaves within its head is CR, without a request', async () => {
  await using proxy = await startEdge(forwardTo())
  const client = await RawClient.connect(proxy.port)
  client.send('GET / HTTP/1.1\r\nHost: a')
  await until('the bytes have arrived', () => (proxy.accepted[0]?.bytesRead ?? 0) > 0)
  client.destroy()
  expect(await recordOf(proxy)).toMatchObject({
    termination: 'CR',
    code: 'CLIENT_ABORTED',
    status: 499,
    method: null,
    target: null,
    received: 23,
  })
})

test('a client that connects and leaves, or closes between two requests, is not logged', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const silent = await RawClient.connect(proxy.port)
  silent.destroy()
  const client = await RawClient.connect(proxy.port)
  await client.get('/')
  client.socket.resetAndDestroy()
  await until('both are closed', () => proxy.edge.open === 0)
  expect(proxy.records).toHaveLength(1)
})

test('a client that leaves within its body is CR', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10').send('abc')
  await until('it is at the origin', () => origin.seen.length === 1)
  client.destroy()
  expect(await recordOf(proxy)).toMatchObject({ termination: 'CR', code: 'CLIENT_ABORTED', status: 499 })
})

test('a client that leaves before the upstream answers is CH', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  await until('it is at the origin', () => origin.seen.length === 1)
  client.socket.resetAndDestroy()
  expect(await recordOf(proxy)).toMatchObject({ termination: 'CH', status: 499, answeredAt: 0 })
})

test('a client that leaves within the response is CD with the status it received', async () => {
  await using origin = await startOrigin((_req, res) => res.write('never done'))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  await client.responseHead()
  client.socket.resetAndDestroy()
  expect(await recordOf(proxy)).toMatchObject({ termination: 'CD', code: 'CLIENT_ABORTED', status: 200 })
})

test('a client that leaves while the upstream is dialled is CC', async () => {
  await using stuck = await startStuckListener()
  await using proxy = await startEdge(forwardTo())
  for (const line of [`GET http://127.0.0.1:${stuck.port}/`, `CONNECT 127.0.0.1:${stuck.port}`]) {
    const client = await RawClient.connect(proxy.port)
    const before = proxy.records.length
    client.head(`${line} HTTP/1.1`, 'Host: a')
    await until('the bytes have arrived', () => (proxy.accepted[before]?.bytesRead ?? 0) > 0)
    client.socket.resetAndDestroy()
    expect(await recordOf(proxy, before), line).toMatchObject({
      termination: 'CC',
      connectedAt: 0,
      status: 499,
    })
  }
})

test('an upstream that refuses is SC', async () => {
  const port = await unusedPort()
  await using proxy = await startEdge(forwardTo())
  for (const [line, upstream] of [
    [`GET http://127.0.0.1:${port}/`, `http://127.0.0.1:${port}`],
    [`CONNECT 127.0.0.1:${port}`, `tcp://127.0.0.1:${port}`],
  ] as const) {
    using client = await RawClient.connect(proxy.port)
    const before = proxy.records.length
    client.head(`${line} HTTP/1.1`, 'Host: a')
    await client.response()
    const record = await recordOf(proxy, before)
    expect(record).toMatchObject({ termination: 'SC', code: 'UPSTREAM_REFUSED', status: 502, upstream })
  }
})

test('an upstream that does not accept in time is sC, one that does not answer in time is sH', async () => {
  await using stuck = await startStuckListener()
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(forwardTo({ timeouts: { connectMs: 200, responseMs: 200 } }))
  for (const [authority, termination] of [
    [`127.0.0.1:${stuck.port}`, 'sC'],
    [origin.authority, 'sH'],
  ] as const) {
    using client = await RawClient.connect(proxy.port)
    const before = proxy.records.length
    await client.get(`http://${authority}/`)
    expect(await recordOf(proxy, before)).toMatchObject({ termination, status: 504 })
  }
})

test('an upstream that answers nonsense is SH, one that resets within its body is SD', async () => {
  await using nonsense = await startScriptedOrigin('220 mail ready\r\n\r\n')
  await using short = await startScriptedOrigin('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc')
  await using proxy = await startEdge(forwardTo())
  for (const [origin, termination, status] of [
    [nonsense, 'SH', 502],
    [short, 'SD', 200],
  ] as const) {
    using client = await RawClient.connect(proxy.port)
    const before = proxy.records.length
    client.head(`GET http://${origin.authority}/ HTTP/1.1`, 'Host: a')
    await client.responseHead()
    expect(await recordOf(proxy, before)).toMatchObject({ termination, status, code: 'UPSTREAM_BROKEN' })
  }
})

test('an upstream that stops within its body is sD', async () => {
  await using origin = await startOrigin((_req, res) => res.write('and then'))
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { timeouts: { responseMs: 200 } }),
  )
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  await client.responseHead()
  expect(await recordOf(proxy)).toMatchObject({ termination: 'sD', code: 'UPSTREAM_TIMEOUT', status: 200 })
})

test('a request refused by the proxy is PR, whether it was read or not', async () => {
  await using proxy = await startEdge(forwardTo())
  using read = await RawClient.connect(proxy.port)
  await read.get('/')
  expect(await recordOf(proxy)).toMatchObject({
    termination: 'PR',
    code: 'BAD_TARGET',
    status: 400,
    service: null,
    target: '/',
  })
  using garbled = await RawClient.connect(proxy.port)
  garbled.send('what?\r\n\r\n')
  await garbled.response()
  expect(await recordOf(proxy, 1)).toMatchObject({
    termination: 'PR',
    code: 'BAD_REQUEST',
    status: 400,
    target: null,
    received: 9,
  })
  expect((await recordOf(proxy, 1)).sent).toBe(garbled.socket.bytesRead)
})

test('a broken chunk is reported for its exchange', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked').send('zz\r\n')
  await client.ended()
  client.end()
  expect(await recordOf(proxy)).toMatchObject({ termination: 'PR', code: 'BAD_REQUEST', method: 'POST' })
})

test('a head or a body that does not arrive in time is cR', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { timeouts: { headerMs: 150, idleMs: 150 } }),
  )
  using head = await RawClient.connect(proxy.port)
  head.send('GET / HT')
  await head.response()
  expect(await recordOf(proxy)).toMatchObject({ termination: 'cR', status: 408, method: null })
  using body = await RawClient.connect(proxy.port)
  body.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10').send('abc')
  await body.response()
  expect(await recordOf(proxy, 1)).toMatchObject({ termination: 'cR', status: 408, method: 'POST' })
})

test('a client that does not read its answer is cD', async () => {
  await using origin = await startOrigin((_req, res) => {
    const more = (): void => {
      while (res.write(flood));
    }
    res.on('drain', more)
    more()
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { timeouts: { idleMs: 200 } }))
  const client = await RawClient.connect(proxy.port)
  client.socket.pause()
  client.head('GET / HTTP/1.1', 'Host: a')
  expect(await recordOf(proxy)).toMatchObject({ termination: 'cD', code: 'CLIENT_STALLED', status: 200 })
  client.destroy()
})

test('a connection over the limit is LR', async () => {
  await using proxy = await startEdge(forwardTo(), { limit: 0 })
  using client = await RawClient.connect(proxy.port)
  await client.response()
  const record = await recordOf(proxy)
  expect(record).toMatchObject({ termination: 'LR', code: 'OVER_LIMIT', status: 503, client: '127.0.0.1' })
  expect(record.sent).toBe(client.socket.bytesRead)
})

test('an exchange cut off by a stop is K', async () => {
  await using origin = await startOrigin((_req, res) => res.write('never done'))
  await using raw = await startRawOrigin(() => {})
  await using proxy = await startEdge(forwardTo())
  using request = await RawClient.connect(proxy.port)
  request.head(`GET http://${origin.authority}/ HTTP/1.1`, 'Host: a')
  await request.responseHead()
  using tunnel = await RawClient.connect(proxy.port)
  tunnel.head(`CONNECT ${raw.authority} HTTP/1.1`, 'Host: a')
  await tunnel.responseHead()
  await proxy.edge.close()
  expect(proxy.records.map(({ termination }) => termination).sort()).toEqual(['KD', 'KT'])
})
