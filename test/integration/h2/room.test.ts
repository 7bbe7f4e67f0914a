/** Streams that wait for room continue after others are read: nothing is lost, and nothing waits for ever. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { answerOf, H2Client } from '../../kit/clients/h2-client.ts'
import { filesIn, reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'
import { createSite } from '../static/site.ts'

const h2 = { cleartext: 'h2' } as const
const bytes = randomBytes(400_000)

test.each(['static', 'reverse'] as const)(
  '%s: a hundred concurrent responses arrive completely',
  async (type) => {
    await using site = createSite()
    site.write('big.bin', bytes)
    const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
    await using origin = await startOrigin((_req, res) => res.end(bytes))
    const service = type === 'static' ? filesIn([mount]) : reverseTo(`http://${origin.authority}`)
    await using proxy = await startEdge(service, h2)
    using client = await H2Client.connect(proxy.port)
    const streams = Array.from({ length: 100 }, () => client.request({ ':path': '/big.bin' }))
    const answers = streams.map(answerOf)
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ status: 200, isWhole: true })
      expect(answer.body.equals(bytes)).toBe(true)
    }
    await until('all are counted', () => proxy.records.length === 100)
    expect(proxy.counters()).toMatchObject({ requestsFailed: 0 })
  },
)

test('a stream that is reset while it waits makes room for others', async () => {
  await using site = createSite()
  site.write('big.bin', bytes)
  const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using proxy = await startEdge(filesIn([mount]), h2)
  using client = await H2Client.connect(proxy.port)
  const stalled = Array.from({ length: 60 }, () => client.request({ ':path': '/big.bin' }))
  for (const stream of stalled) stream.pause()
  await until('they are under way', () => proxy.counters().filesServed > 10)
  for (const stream of stalled) stream.close(8)
  expect(await client.get('/big.bin')).toMatchObject({ status: 200, isWhole: true })
})
