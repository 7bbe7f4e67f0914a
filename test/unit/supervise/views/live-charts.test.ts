import { expect, test } from 'vitest'
import { Channels } from '../../../../src/supervise/channel/carrier.ts'
import type { Channel, ToInstance } from '../../../../src/supervise/channel/channel.ts'
import { LiveCharts } from '../../../../src/supervise/views/live-charts.ts'

function liveCharts(timeoutMs = 60_000) {
  const posted: ToInstance[] = []
  const channels = new Channels()
  const channel: Channel = {
    id: 'w#1',
    post: (message) => posted.push(message),
    usage: () => ({ memoryBytes: 0, cpuMs: 0, loopUtilization: 0 }),
    kill: () => {},
  }
  channels.add(channel)
  return { charts: new LiveCharts({ find: () => undefined, channels, timeoutMs }), posted }
}

const live = { digest: {}, timers: [], next: [] }

test('queries a chart of an instance over its channel', async () => {
  const { charts, posted } = liveCharts()
  const answer = charts.of('w#1/reverse')
  expect(posted).toEqual([{ type: 'chart.ask', ask: 1, chart: 'reverse' }])
  charts.answered(2, null)
  charts.answered(1, live)
  expect(await answer).toBe(live)
})

test('waits a bounded time for an instance that does not answer', async () => {
  const { charts } = liveCharts(1)
  expect(await charts.of('w#1/reverse')).toBeNull()
})

test('queries no instance for a chart that does not exist', async () => {
  const { charts, posted } = liveCharts()
  expect(await charts.of('w#2/reverse')).toBeNull()
  expect(await charts.of('w#1')).toBeNull()
  expect(posted).toEqual([])
})

test('bounds the number of pending queries', async () => {
  const { charts, posted } = liveCharts()
  const answers = Array.from({ length: 64 }, () => charts.of('w#1/reverse'))
  expect(await charts.of('w#1/reverse')).toBeNull()
  expect(posted).toHaveLength(64)
  for (let ask = 1; ask <= 64; ask++) charts.answered(ask, live)
  expect(await Promise.all(answers)).toEqual(Array(64).fill(live))
  const later = charts.of('w#1/reverse')
  charts.answered(65, live)
  expect(await later).toBe(live)
})
