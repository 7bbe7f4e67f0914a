import { describe, expect, test } from 'vitest'
import {
  type InstanceLimits,
  judge,
  type LimitStanding,
  newStanding,
  reasonsOf,
  recycleGapMs,
  type UsageReading,
} from '../../../../src/supervise/limits/limits.ts'

const limits: InstanceLimits = { maxMemoryBytes: 1_000, maxCpuPercent: 40, stuckMs: 5_000, cpus: 2 }

const quiet: UsageReading = { at: 0, memoryBytes: 100, cpuMs: 0, loopUtilization: 0.1, beats: 0 }

/** Judges one reading a second; each is what is said of it on top of a quiet one that beats. */
function run(readings: readonly Partial<UsageReading>[], under: InstanceLimits = limits) {
  const said: string[] = []
  let standing: LimitStanding = newStanding
  for (const [second, reading] of readings.entries()) {
    const full = { ...quiet, at: second * 1_000, beats: second, ...reading }
    const result = judge(standing, full, under)
    standing = result.standing
    for (const verdict of result.verdicts) {
      const what =
        verdict.type === 'limit' ? `${verdict.limit} ${verdict.isExceeded ? 'over' : 'back'}` : verdict.type
      said.push(`${second} ${what}: ${verdict.reason}`)
    }
  }
  return { said, standing }
}

const memory = (...sizes: readonly number[]) => sizes.map((memoryBytes) => ({ memoryBytes }))

/** CPU time of a reading a second, from the share of all CPU that each second used. */
function cpu(...shares: readonly number[]): readonly Partial<UsageReading>[] {
  let cpuMs = 0
  return [0, ...shares].map((share) => {
    cpuMs += share * 10 * limits.cpus
    return { cpuMs }
  })
}

describe('memory', () => {
  test.each([
    ['below 90 % is nothing', [899, 899], []],
    ['from 90 % on it is exceeded, once', [900, 950, 900], ['0 memory over: memory at 90 % of the limit']],
    [
      'between 85 % and 90 % nothing changes',
      [900, 850, 899, 900],
      ['0 memory over: memory at 90 % of the limit'],
    ],
    [
      'below 85 % it has recovered',
      [900, 849, 800],
      ['0 memory over: memory at 90 % of the limit', '1 memory back: memory at 85 % of the limit'],
    ],
  ])('%s', (_name, sizes, said) => {
    expect(run(memory(...sizes)).said).toEqual(said)
  })

  test('is recycled when it is at the limit three times running', () => {
    expect(run(memory(1_000, 1_000, 999, 1_000, 1_000)).said).not.toContainEqual(
      expect.stringContaining('recycle'),
    )
    expect(run(memory(1_000, 1_000, 1_100)).said).toEqual([
      '0 memory over: memory at 100 % of the limit',
      '2 recycle: memory at 110 % of the limit',
    ])
  })

  test('asks for a recycle that came to nothing again, ten seconds later', () => {
    const { said } = run(memory(...Array.from({ length: 14 }, () => 1_000)))
    expect(said.slice(1)).toEqual([
      '2 recycle: memory at 100 % of the limit',
      '12 recycle: memory at 100 % of the limit',
    ])
  })

  test('does not ask again because a collection helped for a moment', () => {
    const { said } = run(memory(1_000, 1_000, 1_000, 950, 1_000, 1_000, 1_000, 1_000))
    expect(said.slice(1)).toEqual(['2 recycle: memory at 100 % of the limit'])
  })

  test('is ended at once from 150 % on', () => {
    expect(run(memory(1_499, 1_500)).said.at(-1)).toBe('1 overgrown: memory at 150 % of the limit')
  })

  test('is ended, and not recycled, when its loop does not turn besides', () => {
    const thrashing = { memoryBytes: 1_200, loopUtilization: 1, beats: 0 }
    const { said } = run([{ memoryBytes: 1_000 }, thrashing, thrashing, thrashing])
    expect(said.slice(1)).toEqual([
      '2 overgrown: memory at 120 % of the limit, and its event loop has not turned for 2000 ms',
      '3 overgrown: memory at 120 % of the limit, and its event loop has not turned for 3000 ms',
    ])
  })
})

describe('cpu', () => {
  test('has no share with the first reading', () => {
    const { said, standing } = run([{ cpuMs: 1e6 }])
    expect([said, standing.cpuPercent]).toEqual([[], 0])
  })

  test('is exceeded above max_cpu_percent in two readings running, and back below 90 % of it in two', () => {
    const { said, standing } = run(cpu(50, 30, 41, 41, 36, 35, 36, 35, 35))
    expect(said).toEqual(['4 cpu over: cpu at 102 % of the limit', '9 cpu back: cpu at 88 % of the limit'])
    expect(standing.cpuPercent).toBeCloseTo(35)
  })

  test('counts all CPUs of the daemon as 100', () => {
    const oneCore = { ...limits, maxCpuPercent: 50 }
    expect(run(cpu(50, 50, 50), oneCore).said).toEqual([])
  })

  test('is a reason as long as it is exceeded', () => {
    expect(reasonsOf(run(cpu(80, 80)).standing)).toEqual(['cpu at 200 % of the limit'])
    expect(reasonsOf(run(cpu(80, 80, 0, 0)).standing)).toEqual([])
  })
})

describe('event loop', () => {
  const blocked = { loopUtilization: 1, beats: 0 }

  test('is stuck when it has neither rested nor beaten for stuck_secs', () => {
    const { said } = run([{}, ...Array.from({ length: 5 }, () => blocked)])
    expect(said).toEqual(['5 stuck: its event loop has not turned for 5000 ms'])
  })

  test('is not stuck under full load, as long as it beats', () => {
    expect(run(Array.from({ length: 20 }, () => ({ loopUtilization: 1 }))).said).toEqual([])
  })

  test('starts again with every rest', () => {
    const rest = { loopUtilization: 0.99, beats: 0 }
    const readings = [{}, blocked, blocked, blocked, blocked, rest, blocked, blocked, blocked, blocked]
    expect(run(readings).said).toEqual([])
  })

  test('does not judge the first reading, which covers no time', () => {
    expect(run([blocked], { ...limits, stuckMs: 1 }).said).toEqual([])
  })
})

describe('recycleGapMs', () => {
  test('lets the first pass at once, and doubles up to a minute', () => {
    expect([0, 1, 2, 3, 7, 50].map(recycleGapMs)).toEqual([0, 1_000, 2_000, 4_000, 60_000, 60_000])
  })
})
