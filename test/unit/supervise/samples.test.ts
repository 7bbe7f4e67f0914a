import { VirtualTimeScheduler } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Channel, Usage } from '../../../src/supervise/channel.ts'
import { Samples, sampleStream } from '../../../src/supervise/samples.ts'

const usage: Usage = { memoryBytes: 1, cpuMs: 2, loopUtilization: 0.5 }

const channel = (id: string, read: () => Promise<Usage>): Channel => ({
  id,
  post: () => {},
  usage: read,
  kill: () => {},
})

describe('samples', () => {
  it('holds the latest reading of each instance', async () => {
    const samples = new Samples()
    await new Promise<void>((resolve) =>
      samples.start(() => [channel('a', async () => usage)], resolve, 1_000),
    )
    expect(samples.of('a')).toEqual({ id: 'a', ...usage })
    samples.close()
  })

  it('survives an instance that ends while it is read', async () => {
    const samples = new Samples()
    const failing = channel('gone', () => Promise.reject(new Error('ended')))
    await new Promise<void>((resolve) =>
      samples.start(() => [failing, channel('a', async () => usage)], resolve, 1_000),
    )
    expect(samples.of('gone')?.memoryBytes).toBe(0)
    expect(samples.of('a')?.memoryBytes).toBe(1)
    samples.close()
  })

  it('does not pile up readings behind a slow one', () => {
    let begun = 0
    const slow = channel('slow', () => {
      begun += 1
      return new Promise(() => {})
    })
    const scheduler = new VirtualTimeScheduler(undefined, 10_000)
    const subscription = sampleStream(() => [slow], 1_000, scheduler).subscribe()
    scheduler.flush()
    subscription.unsubscribe()
    expect(begun).toBe(1)
  })
})
