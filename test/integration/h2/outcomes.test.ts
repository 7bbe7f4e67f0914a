import { constants } from 'node:http2'
import { expect, test } from 'vitest'
import type { AccessRecord } from '../../../src/telemetry/access-log/access-record.ts'
import { H2Client } from '../../kit/clients/h2-client.ts'
import { forwardTo, reverseTo, startEdge, type TestEdge } from '../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

/** Access-log records of HTTP/2 streams. */

const h2 = { cleartext: 'h2' } as const

async function recordOf(proxy: TestEdge, at = 0): Promise<AccessRecord> {
  await until('it is recorded', () => proxy.records.length > at)
  return proxy.records[at] as AccessRecord
}

test('each stream has its own record, with the bytes of its bodies', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(await seen.body))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  await Promise.all([client.post('/a', 'x'.repeat(1_000)), client.post('/b', 'x'.repeat(20_000))])
  await until('both are recorded', () => proxy.records.length === 2)
  const of = (target: string) => proxy.records.find((record) => record.target === target)
  expect(of('/a')).toMatchObject({ version: 20, host: 'client.test', status: 200, termination: '--' })
  expect(of('/a')).toMatchObject({ received: 1_000, sent: 1_000 })
  expect(of('/b')).toMatchObject({ received: 20_000, sent: 20_000 })
})

test('a stream cancelled by its client is C with its phase', async () => {
  await using origin = await startOrigin((req, res) => {
    if (req.url === '/body') res.write('never done')
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const silent = client.request({ ':path': '/silent' })
  await until('it is at the origin', () => origin.seen.length === 1)
  silent.close(constants.NGHTTP2_CANCEL)
  expect(await recordOf(proxy)).toMatchObject({ termination: 'CH', status: 499, code: 'CLIENT_ABORTED' })
  const body = client.request({ ':path': '/body' })
  await new Promise((resolve) => body.once('data', resolve))
  body.close(constants.NGHTTP2_CANCEL)
  expect(await recordOf(proxy, 1)).toMatchObject({ termination: 'CD', status: 200 })
})

test('a tunnel on a stream has one record, at its end, with its bytes', async () => {
  await using origin = await startRawOrigin((socket) => socket.pipe(socket))
  await using proxy = await startEdge(forwardTo(), h2)
  using client = await H2Client.connect(proxy.port)
  const tunnel = client.session.request({ ':method': 'CONNECT', ':authority': origin.authority })
  tunnel.write('x'.repeat(1_000))
  let echoed = 0
  tunnel.on('data', (chunk: Buffer) => {
    echoed += chunk.length
  })
  await until('it is echoed', () => echoed === 1_000)
  expect(proxy.records).toEqual([])
  tunnel.end()
  expect(await recordOf(proxy)).toMatchObject({
    method: 'CONNECT',
    status: 200,
    tunnelEnd: 'done',
    received: 1_000,
    sent: 1_000,
    upstream: `tcp://${origin.authority}`,
  })
})
