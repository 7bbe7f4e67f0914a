import { expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { scrape } from '../../kit/telemetry/scrape.ts'
import { until } from '../../kit/waiting/until.ts'

/** An origin that answers each request with another status. */
function startManyStatuses() {
  let status = 200
  return startOrigin((_req, res) => {
    status += 1
    res.writeHead(status === 204 || status === 205 || status === 304 ? 299 : status).end()
  })
}

test('concurrent scrapes share one text of thousands of lines, and a later scrape has the current values', async () => {
  await using origin = await startManyStatuses()
  await using running = await startTestDaemon({
    mode: 'Reverse',
    listen_addr: '127.0.0.1:0',
    workers: { reverse_proxy: { target: `http://${origin.authority}` } },
  })
  using client = await RawClient.connect(running.port('reverse_proxy'))
  for (let asked = 0; asked < 390; asked += 1) await client.get('/')
  const answers = await Promise.all(Array.from({ length: 20 }, () => running.admin('/metrics')))
  // Texts of different scrapes differ: each contains the uptime in microseconds.
  expect(new Set(answers.map(({ text }) => text)).size).toBeLessThan(5)
  expect(answers[0]?.text.length).toBeGreaterThan(1_000_000)
  await client.get('/')
  const count = async () => (await scrape(running)).sum('http_server_request_duration_seconds_count')
  await until('the latest is counted', async () => (await count()) === 391)
})

test('a process that ends reports all its counters, however many series there are', async () => {
  await using origin = await startManyStatuses()
  await using running = await startTestDaemon(
    {
      mode: 'Reverse',
      listen_addr: '127.0.0.1:0',
      workers: { reverse_proxy: { target: `http://${origin.authority}` } },
    },
    { isolation: 'process', allowFaults: true },
  )
  using client = await RawClient.connect(running.port('reverse_proxy'))
  for (let asked = 0; asked < 500; asked += 1) await client.get('/')
  running.daemon.inject('reverse_proxy', 'exit')
  await until('there is another', () => running.stateOf('reverse_proxy#2') === 'running.alive', 10_000)
  expect((await scrape(running)).sum('http_server_request_duration_seconds_count')).toBe(500)
})
