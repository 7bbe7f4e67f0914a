import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

/** Access-log records of bytes that are not a request. */

test('bytes after a refused request belong to it: one record, and the answer is not cut off', async () => {
  await using proxy = await startEdge(reverseTo('http://127.0.0.1:9'))
  using client = await RawClient.connect(proxy.port)
  client.send('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  await until('it is refused', () => proxy.records.length > 0)
  // Sent in separate reads: together, or with the FIN, they would be dropped.
  for (let more = 0; more < 3; more += 1) {
    client.send(Buffer.from('000004030000000000', 'hex'))
    await sleep(20)
  }
  client.socket.end()
  expect((await client.rest()).toString('latin1')).toMatch(/^HTTP\/1\.1 505 /)
  await until('it is closed', () => proxy.counters().connectionsActive === 0)
  expect(client.isReset).toBe(false)
  expect(proxy.records.map(({ code }) => code)).toEqual(['VERSION_NOT_SUPPORTED'])
})

test.each(['GET /second HTTP/1.1\r\nHost: h\r\n\r', 'GET /sec'])(
  'a client that half-closes within a head gets the answers to its earlier requests: %j',
  async (begun) => {
    await using origin = await startOrigin((_req, res) => setTimeout(() => res.end('first'), 50))
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.send(`GET /first HTTP/1.1\r\nHost: h\r\n\r\n${begun}`)
    client.end()
    const text = (await client.rest()).toString('latin1')
    expect(text).toMatch(/^HTTP\/1\.1 200 /)
    expect(text).toMatch(/first$/)
    expect(text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    await until('it is closed', () => proxy.counters().connectionsActive === 0)
    expect(client.isReset).toBe(false)
  },
)
