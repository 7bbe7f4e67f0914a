import { describe, expect, test } from 'vitest'
import {
  linesWith,
  memoryLimits,
  noFailures,
  replaceUnderLoad,
  startLimitedWorkers,
} from '../../kit/daemons/limited-workers.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

describe.each(memoryLimits)('excess memory ($isolation)', ({ isolation, maxMemoryMb }) => {
  test('outside the heap makes the instance degraded, then recycled; no connection is refused', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startLimitedWorkers(
      `http://${origin.authority}`,
      { max_memory_mb: maxMemoryMb },
      { isolation },
    )
    const moves = () =>
      running.daemon.overview
        .moves()
        .filter(({ actor }) => actor === 'reverse_proxy#1/reverse')
        .map(({ state, cause }) => `${state} by ${cause}`)
    const { hit, other } = await replaceUnderLoad(running, 'leak')
    expect(moves().slice(0, 2)).toEqual(['accepting by xstate.init', 'degraded by limit.exceeded'])
    expect(hit).toMatchObject({ refused: 0, reset: 0, unanswered: 0 })
    expect(other).toMatchObject(noFailures)
    await until('the old one is gone', () => running.stateOf('reverse_proxy#1') === null)
    // A collection of the heap may bring it back for a moment.
    expect(linesWith(running, 'limit exceeded')[0]).toContain('"limit":"memory"')
    expect(linesWith(running, 'instance is recycled')).toEqual([expect.stringContaining('reverse_proxy#1')])
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"recycled"')
    expect(running.stateOf('reverse_proxy#2/reverse')).toBe('accepting')
  })

  test.each(['heap', 'heapArrays'])(
    'in the heap (%s) gets the instance ended and replaced',
    async (fault) => {
      await using origin = await startOrigin((_req, res) => res.end('hello'))
      // Collecting a nearly full heap takes seconds on a busy machine; `stuck_secs` is long so that this does
      // not end the instance.
      await using running = await startLimitedWorkers(
        `http://${origin.authority}`,
        { max_memory_mb: maxMemoryMb, stuck_secs: 60 },
        { isolation },
      )
      const before = process.memoryUsage.rss()
      const { other } = await replaceUnderLoad(running, fault)
      expect(other).toMatchObject(noFailures)
      await until('the old one is gone', () => linesWith(running, 'instance ended').length > 0, 10_000)
      expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"outOfMemory"')
      expect(process.memoryUsage.rss() - before).toBeLessThan(400 * 1024 * 1024)
      const bad = running.log.filter((line) => /^(warn|error)/.test(line))
      expect(bad.filter((line) => line.includes('static_files'))).toEqual([])
    },
  )
})

describe.each(memoryLimits)('unbounded memory outside V8 ($isolation)', ({ isolation, maxMemoryMb }) => {
  test('allocated in an endless loop: the instance is ended because of its samples', async () => {
    await using origin = await startOrigin((_req, res) => res.end('hello'))
    await using running = await startLimitedWorkers(
      `http://${origin.authority}`,
      { max_memory_mb: maxMemoryMb },
      { isolation },
    )
    const { hit, other } = await replaceUnderLoad(running, 'buffers')
    expect(hit.refused).toBe(0)
    expect(other).toMatchObject(noFailures)
    await until('the old one is gone', () => linesWith(running, 'instance ended').length > 0)
    expect(linesWith(running, 'instance ended')[0]).toContain('"reason":"outOfMemory"')
    expect(linesWith(running, 'instance is ended')[0]).toMatch(/memory at \d+ % of the limit/)
  })
})
