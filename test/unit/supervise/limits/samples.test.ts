import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, test } from 'vitest'
import type { Channel, Usage } from '../../../../src/supervise/channel/channel.ts'
import {
  type InstanceSample,
  type SampleSources,
  Samples,
  sampleStream,
} from '../../../../src/supervise/limits/samples.ts'

const usage: Usage = { memoryBytes: 1, cpuMs: 2, loopUtilization: 0.5 }

const channel = (id: string, read: () => Promise<Usage>): Channel => ({
  id,
  post: () => {},
  usage: read,
  kill: () => {},
})

async function firstOf(samples: Samples, sources: SampleSources): Promise<readonly InstanceSample[]> {
  return await new Promise((resolve) => samples.start(sources, resolve, 1_000))
}

describe('samples', () => {
  test('hold the latest reading of each instance with its beats', async () => {
    const samples = new Samples()
    const beats = { beats: 3, loopDelayP99Ms: 1.5 }
    const taken = await firstOf(samples, {
      channels: () => [channel('a', async () => usage)],
      beatsOf: () => beats,
      now: () => 77,
    })
    expect(samples.of('a')).toEqual({ id: 'a', at: 77, isRead: true, ...usage, ...beats })
    expect(taken).toEqual([samples.of('a')])
    samples.close()
  })

  test('survive an instance that ends during its reading, and mark it as unread', async () => {
    const samples = new Samples()
    const failing = channel('gone', () => Promise.reject(new Error('ended')))
    await firstOf(samples, { channels: () => [failing, channel('a', async () => usage)] })
    expect(samples.of('gone')).toMatchObject({ isRead: false, memoryBytes: 0 })
    expect(samples.of('a')).toMatchObject({ isRead: true, memoryBytes: 1 })
    samples.close()
  })

  test('do not pile up readings behind a slow one', () => {
    let begun = 0
    const slow = channel('slow', () => {
      begun += 1
      return new Promise(() => {})
    })
    const scheduler = new VirtualTimeScheduler(undefined, 10_000)
    const subscription = sampleStream({ channels: () => [slow] }, 1_000, scheduler).subscribe()
    scheduler.flush()
    subscription.unsubscribe()
    expect(begun).toBe(1)
  })
})
