import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../kit/clients/raw-client.ts'
import { type Mood, startBadCollector } from '../kit/collector/bad-collector.ts'
import { startChildDaemon } from '../kit/daemons/child-daemon.ts'
import { startTestDaemon } from '../kit/daemons/daemon.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { until } from '../kit/waiting/until.ts'

/** Traffic continues and the daemon ends in time, whatever the Collector does. */

const requests = 400
const drainMs = 2_000

async function closedPort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { readonly port: number }
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

const moods: readonly (Mood | 'is down')[] = [
  'is down',
  'slow',
  'throttles',
  'unavailable',
  'refuses',
  'hangs',
  'drips',
  'resets',
]

test('the command ends with its daemon, even if the SDK is still waiting', async () => {
  // This Collector asks for a retry in an hour.
  const collector = await startBadCollector('unavailable')
  const child = await startChildDaemon(
    {
      mode: 'Forward',
      listen_addr: '127.0.0.1:0',
      telemetry: { endpoint: collector.url, timeout_secs: 7_200, logs: { enabled: true } },
    },
    1024,
  )
  await until('it was asked', () => collector.asked > 0)
  const startedAt = performance.now()
  await child[Symbol.asyncDispose]()
  expect(performance.now() - startedAt).toBeLessThan(8_000)
})

describe.each(moods)('with a faulty Collector (%s)', (mood) => {
  test('no request fails, and the daemon ends within the drain deadline', async () => {
    const collector = mood === 'is down' ? null : await startBadCollector(mood)
    await using origin = await startOrigin()
    const running = await startTestDaemon(
      {
        mode: 'Reverse',
        listen_addr: '127.0.0.1:0',
        drain_timeout_secs: drainMs / 1000,
        workers: { reverse_proxy: { target: `http://${origin.authority}` } },
        telemetry: {
          endpoint: collector?.url ?? (await closedPort()),
          timeout_secs: 30,
          metrics: { interval_secs: 0.1 },
          logs: { enabled: true, access_log: true },
        },
      },
      { isolation: 'thread' },
    )
    const port = running.port('reverse_proxy')
    const statuses: number[] = []
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        using client = await RawClient.connect(port)
        for (let at = 0; at < requests / 4; at += 1) statuses.push((await client.get('/')).status)
      }),
    )
    expect(statuses).toEqual(Array(requests).fill(200))
    if (collector !== null) await until('it was asked', () => collector.asked > 0)
    const startedAt = performance.now()
    running.daemon.stop()
    await running.daemon.stopped
    expect(performance.now() - startedAt).toBeLessThan(drainMs + 500)
    expect(running.log.filter((line) => line.startsWith('error'))).toEqual([])
  })
})
