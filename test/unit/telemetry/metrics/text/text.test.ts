import { describe, expect, test } from 'vitest'
import { formatLogLine } from '../../../../../src/telemetry/log/log.ts'
import {
  cell,
  clearGauges,
  count,
  createCounterBlock,
  openCounterBlock,
  readCounters,
} from '../../../../../src/telemetry/metrics/counters.ts'
import { MovingAverage } from '../../../../../src/telemetry/metrics/moving-average.ts'
import { exportMetrics } from '../../../../../src/telemetry/metrics/text/prometheus.ts'

describe('counter block', () => {
  test('contains the same numbers in every thread that opens it', () => {
    const block = createCounterBlock()
    count(openCounterBlock(block.buffer), 'requestsTotal', 3)
    expect(block[cell.requestsTotal]).toBe(3)
  })

  test('adds up over instances', () => {
    const [a, b] = [createCounterBlock(), createCounterBlock()]
    count(a, 'bytesSent', 1)
    count(b, 'bytesSent', 2)
    expect(readCounters(a, b).bytesSent).toBe(3)
  })

  test('loses its gauges and keeps its totals when an instance ends', () => {
    const block = createCounterBlock()
    count(block, 'connectionsActive', 5)
    count(block, 'connectionsTotal', 9)
    clearGauges(block)
    expect(readCounters(block)).toMatchObject({ connectionsActive: 0, connectionsTotal: 9 })
  })
})

describe('moving average', () => {
  test('is the mean of the responses since the window began', () => {
    const average = new MovingAverage(2_000)
    average.tick(0, 100, 1)
    average.tick(1_000, 100, 1)
    average.tick(2_000, 100, 1)
    expect(average.mean(130, 4)).toBe(10)
  })

  test('covers the same minute if it is read twice a second or only every five seconds', () => {
    const readings = { once: [1_000, 1], twice: [1_000, 2], late: [5_000, 1] } as const
    for (const [stepMs, times] of Object.values(readings)) {
      const average = new MovingAverage()
      // One response per second: 100 ms each for 40 s, then 10 ms each.
      const sumAt = (at: number) =>
        (Math.min(at, 40_000) / 1_000) * 100 + (Math.max(0, at - 40_000) / 1_000) * 10
      for (let at = 0; at <= 80_000; at += stepMs)
        for (let time = 0; time < times; time += 1) average.tick(at, sumAt(at), at / 1_000)
      // The last minute: 20 responses of 100 ms, and 40 of 10 ms.
      expect(average.mean(sumAt(80_000), 80)).toBe(40)
    }
  })

  test('stays at the last known mean without new responses', () => {
    const average = new MovingAverage(1_000)
    average.tick(0, 50, 2)
    average.tick(1_000, 50, 2)
    expect(average.mean(50, 2)).toBe(25)
  })

  test('is 0 before the first response', () => {
    expect(new MovingAverage().mean(0, 0)).toBe(0)
  })
})

describe('seed metrics', () => {
  test('are three lines with the name of the ProxyType and exactly three decimals', () => {
    const worker = {
      proxyType: 'ForwardProxy',
      connectionsActive: 7,
      requestsTotal: 12,
      responseTimeSeconds: 0.01234,
    }
    expect(exportMetrics([worker])).toBe(
      'worker_connections_active{proxy_type="ForwardProxy"} 7\n' +
        'worker_requests_total{proxy_type="ForwardProxy"} 12\n' +
        'worker_response_time_seconds{proxy_type="ForwardProxy"} 0.012\n',
    )
  })
})

describe('log line', () => {
  test('has time, level, message and fields', () => {
    expect(
      formatLogLine(new Date(0), 'warn', 'worker degraded', {
        instance: 'w#1',
        memory: 0.9,
        why: 'too full',
      }),
    ).toBe('1970-01-01T00:00:00.000Z warn  worker degraded instance=w#1 memory=0.9 why="too full"\n')
  })

  test('stays one line, whatever its content', () => {
    const line = formatLogLine(new Date(0), 'info', 'a\r\nb', { c: 'd\nfake line' })
    expect(line.match(/\n/g)).toHaveLength(1)
  })
})
