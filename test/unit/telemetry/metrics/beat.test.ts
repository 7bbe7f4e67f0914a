import { describe, expect, test } from 'vitest'
import { beatPeriodMs, startBeat } from '../../../../src/telemetry/metrics/beat.ts'
import { createCounterBlock, readCounters } from '../../../../src/telemetry/metrics/counters.ts'
import { until } from '../../../kit/waiting/until.ts'

describe('the beat', () => {
  test('counts up while the event loop runs and records the delay of the loop', async () => {
    const block = createCounterBlock()
    const stop = startBeat(block, 20)
    await until('it beats', () => readCounters(block).beats > 2)
    const isSeen = () => {
      const end = performance.now() + 150
      while (performance.now() < end);
      return readCounters(block).loopDelayP99Ms > 20
    }
    await until('the delay is seen', isSeen)
    stop()
  })

  test('records the memory and CPU time of the thread from the start', async () => {
    const block = createCounterBlock()
    const stop = startBeat(block, 20)
    const { memoryBytes, cpuMs, beats } = readCounters(block)
    expect(beats).toBe(0)
    const { heapUsed, external } = process.memoryUsage()
    expect(memoryBytes / (heapUsed + external)).toBeCloseTo(1, 0)
    const until150 = performance.now() + 150
    while (performance.now() < until150);
    const spent = process.threadCpuUsage()
    await until('it beats', () => readCounters(block).beats > 0)
    expect(readCounters(block).cpuMs).toBeGreaterThanOrEqual((spent.user + spent.system) / 1000)
    expect(readCounters(block).cpuMs).toBeGreaterThan(cpuMs)
    stop()
  })

  test('ends when it is stopped', async () => {
    const block = createCounterBlock()
    startBeat(block, 20)()
    const other = createCounterBlock()
    const stopOther = startBeat(other, 20)
    await until('another one has beaten', () => readCounters(other).beats > 3)
    stopOther()
    expect(readCounters(block).beats).toBe(0)
  })
})

describe('beatPeriodMs', () => {
  test.each([
    [5_000, 950],
    [1_000, 250],
    [1, 20],
  ])('for a thread that is stuck after %i ms is %i ms', (stuckMs, periodMs) => {
    expect(beatPeriodMs(stuckMs)).toBe(periodMs)
  })
})
