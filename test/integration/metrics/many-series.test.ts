import { expect, it } from 'vitest'
import { startTestDaemon } from '../../kit/daemon.ts'
import { startOrigin } from '../../kit/origin.ts'
import { RawClient } from '../../kit/raw-client.ts'
import { scrape } from '../../kit/scrape.ts'
import { until } from '../../kit/until.ts'

it('a process that ends says all that it has counted, however many series that is', async () => {
  let status = 200
  await using origin = await startOrigin((_req, res) => {
    status += 1
    res.writeHead(status === 204 || status === 205 || status === 304 ? 299 : status).end()
  })
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
