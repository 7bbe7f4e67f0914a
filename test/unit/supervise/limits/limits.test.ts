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

/** Judges one reading a second. Each reading overrides fields of a quiet one with a beat. */
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

/** CPU time of one reading a second, from the share of all CPUs used in each second. */
function cpu(...shares: readonly number[]): readonly Partial<UsageReading>[] {
  let cpuMs = 0
  return [0, ...shares].map((share) => {
    cpuMs += share * 10 * limits.cpus
    return { cpuMs }
  })
}

describe('memory', () => {
  test.each([
    ['below 90 % is not exceeded', [899, 899], []],
    ['from 90 % on is reported once', [900, 950, 900], ['0 memory over: memory at 90 % of the limit']],
    [
      'between 85 % and 90 % stays exceeded',
      [900, 850, 899, 900],
      ['0 memory over: memory at 90 % of the limit'],
    ],
    [
      'below 85 % has recovered',
      [900, 849, 800],
      ['0 memory over: memory at 90 % of the limit', '1 memory back: memory at 85 % of the limit'],
    ],
  ])('%s', (_name, sizes, said) => {
    expect(run(memory(...sizes)).said).toEqual(said)
  })

  test('at the limit in three consecutive readings causes a recycle', () => {
    expect(run(memory(1_000, 1_000, 999, 1_000, 1_000)).said).not.toContainEqual(
      expect.stringContaining('recycle'),
    )
    expect(run(memory(1_000, 1_000, 1_100)).said).toEqual([
      '0 memory over: memory at 100 % of the limit',
      '2 recycle: memory at 110 % of the limit',
    ])
  })

  test('still at the limit repeats a failed recycle ten seconds later', () => {
    const { said } = run(memory(...Array.from({ length: 14 }, () => 1_000)))
    expect(said.slice(1)).toEqual([
      '2 recycle: memory at 100 % of the limit',
      '12 recycle: memory at 100 % of the limit',
    ])
  })

  test('that falls only briefly causes no second recycle', () => {
    const { said } = run(memory(1_000, 1_000, 1_000, 950, 1_000, 1_000, 1_000, 1_000))
    expect(said.slice(1)).toEqual(['2 recycle: memory at 100 % of the limit'])
  })

  test('from 150 % on ends the instance at once', () => {
    expect(run(memory(1_499, 1_500)).said.at(-1)).toBe('1 overgrown: memory at 150 % of the limit')
  })

  test('at the limit with a stuck loop ends the instance instead of recycling it', () => {
    const thrashing = { memoryBytes: 1_200, loopUtilization: 1, beats: 0 }
    const { said } = run([{ memoryBytes: 1_000 }, thrashing, thrashing, thrashing])
    expect(said.slice(1)).toEqual([
      '2 overgrown: memory at 120 % of the limit, and its event loop has been blocked for 2000 ms',
      '3 overgrown: memory at 120 % of the limit, and its event loop has been blocked for 3000 ms',
    ])
  })
})

describe('cpu', () => {
  test('has no share at the first reading', () => {
    const { said, standing } = run([{ cpuMs: 1e6 }])
    expect([said, standing.cpuPercent]).toEqual([[], 0])
  })

  test('is exceeded after two readings above max_cpu_percent, and recovers after two below 90 % of it', () => {
    const { said, standing } = run(cpu(50, 30, 41, 41, 36, 35, 36, 35, 35))
    expect(said).toEqual(['4 cpu over: cpu at 102 % of the limit', '9 cpu back: cpu at 88 % of the limit'])
    expect(standing.cpuPercent).toBeCloseTo(35)
  })

  test('is 100 percent when all CPUs of the daemon are in use', () => {
    const oneCore = { ...limits, maxCpuPercent: 50 }
    expect(run(cpu(50, 50, 50), oneCore).said).toEqual([])
  })

  test('remains a reason while it is exceeded', () => {
    expect(reasonsOf(run(cpu(80, 80)).standing)).toEqual(['cpu at 200 % of the limit'])
    expect(reasonsOf(run(cpu(80, 80, 0, 0)).standing)).toEqual([])
  })
})

describe('event loop', () => {
  const blocked = { loopUtilization: 1, beats: 0 }

  test('is stuck when it has neither rested nor beaten for stuck_secs', () => {
    const { said } = run([{}, ...Array.from({ length: 5 }, () => blocked)])
    expect(said).toEqual(['5 stuck: its event loop has been blocked for 5000 ms'])
  })

  test('is not stuck under full load while it beats', () => {
    expect(run(Array.from({ length: 20 }, () => ({ loopUtilization: 1 }))).said).toEqual([])
  })

  test('restarts its measurement with every rest', () => {
    const rest = { loopUtilization: 0.99, beats: 0 }
    const readings = [{}, blocked, blocked, blocked, blocked, rest, blocked, blocked, blocked, blocked]
    expect(run(readings).said).toEqual([])
  })

  test('is not judged by the first reading, which covers no time', () => {
    expect(run([blocked], { ...limits, stuckMs: 1 }).said).toEqual([])
  })
})

describe('recycleGapMs', () => {
  test('is zero for the first recycle, then doubles up to a minute', () => {
    expect([0, 1, 2, 3, 7, 50].map(recycleGapMs)).toEqual([0, 1_000, 2_000, 4_000, 60_000, 60_000])
  })
})
