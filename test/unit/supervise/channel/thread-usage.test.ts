import { describe, expect, test } from 'vitest'
import { type AskedThread, createGauge } from '../../../../src/supervise/channel/thread-usage.ts'
import { cell, createCounterBlock } from '../../../../src/telemetry/metrics/counters.ts'

const loop = { idle: 0, active: 0, utilization: 0.5 }

/** A thread that reports 1 byte and 1 ms itself, and 7 bytes and 7 ms when it is read from outside. */
function startGauge(answer: 'at once' | 'never' = 'at once') {
  const block = createCounterBlock()
  let asked = 0
  const thread = {
    getHeapStatistics: () => {
      asked += 1
      return answer === 'never'
        ? new Promise(() => {})
        : Promise.resolve({ used_heap_size: 4, external_memory: 3 })
    },
    cpuUsage: () => Promise.resolve({ user: 3_000, system: 4_000 }),
    performance: { eventLoopUtilization: () => loop },
  } as unknown as AskedThread
  const beat = () => {
    block[cell.memoryBytes] = 1
    block[cell.cpuMs] = 1
    block[cell.beats] = (block[cell.beats] ?? 0) + 1
  }
  return { usage: createGauge(thread, block), beat, asked: () => asked }
}

describe('the gauge of a thread', () => {
  test('uses the values of a new beat at once', () => {
    const { usage, beat, asked } = startGauge()
    beat()
    expect(usage()).toMatchObject({ memoryBytes: 1, cpuMs: 1 })
    beat()
    expect(usage()).toMatchObject({ loopUtilization: 0.5 })
    expect(asked()).toBe(0)
  })

  test('reads from outside if there is no new beat', async () => {
    const { usage, beat, asked } = startGauge()
    expect(await usage()).toMatchObject({ memoryBytes: 7, cpuMs: 7 })
    beat()
    usage()
    expect(await usage()).toMatchObject({ memoryBytes: 7, cpuMs: 7 })
    expect(asked()).toBe(2)
  })

  test('reads from outside at every fifth reading, even with fresh beats', async () => {
    const { usage, beat, asked } = startGauge()
    const seen: number[] = []
    for (let at = 0; at < 10; at += 1) {
      beat()
      seen.push((await usage()).memoryBytes)
    }
    expect(seen).toEqual([1, 1, 1, 1, 7, 1, 1, 1, 1, 7])
    expect(asked()).toBe(2)
  })

  test('does not wait for a silent thread: memory is unchanged and the loop is known', async () => {
    const { usage, beat } = startGauge('never')
    beat()
    usage()
    expect(await usage()).toEqual({ memoryBytes: 1, cpuMs: 1, loopUtilization: 0.5 })
  })
})
