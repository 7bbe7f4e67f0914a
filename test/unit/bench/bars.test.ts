import { expect, test } from 'vitest'
import { type Bar, dailyBars, judgeBars } from '../../../bench/bars.ts'
import { cases } from '../../../bench/cases/all.ts'
import type { CaseResult, Extra, Measurement } from '../../../bench/results.ts'
import type { TargetName } from '../../../bench/types.ts'

const round = (cpuUsPerUnit: number, extra: Extra = {}): Measurement => ({
  ...{ cpuUsPerUnit, extra, perSecond: 1, p50Us: 1, p99Us: 1, peakRssMiB: 1, busy: 1, foreign: 0 },
})

function resultOf(name: string, rounds: Partial<Record<TargetName, readonly Measurement[]>>): CaseResult {
  const found = cases.find((one) => one.name === name)
  if (found === undefined) throw new Error(name)
  return {
    case: found,
    results: Object.entries(rounds).map(([target, of]) => ({
      ...{ target: target as TargetName, kind: 'measured', rounds: of, isCurve: false },
    })),
    tried: 1,
    disturbed: 0,
  }
}

const barOf = (name: string): readonly Bar[] => dailyBars.filter((bar) => bar.case === name)
const outcomeOf = (result: CaseResult) => judgeBars([result], barOf(result.case.name))[0]?.outcome

test.each([
  [12, 'stretch met'],
  [14, 'met'],
  [16, 'missed'],
])('%d us against 10 us of nginx: %s', (us, outcome) => {
  expect(outcomeOf(resultOf('reverse-1k', { bifrost: [round(us)], nginx: [round(10)] }))).toBe(outcome)
})

test('a ratio compares the targets within each round', () => {
  const bifrost = [round(12), round(24), round(120)]
  const nginx = [round(10), round(20), round(100)]
  const [verdict] = judgeBars([resultOf('reverse-1k', { bifrost, nginx })], barOf('reverse-1k'))
  expect(verdict?.seen?.figure).toEqual({ median: 1.2, min: 1.2, max: 1.2 })
})

test('the cost of logs is what they add to ours, as a share of the rival', () => {
  const rounds = { bifrost: [round(20)], 'bifrost-observed': [round(22)], nginx: [round(10)] }
  const [verdict] = judgeBars([resultOf('reverse-1k-observed', rounds)], barOf('reverse-1k-observed'))
  expect(verdict?.seen?.figure.median).toBeCloseTo(0.2)
  expect(verdict?.outcome).toBe('met')
})

test('memory of idle connections is judged without a rival', () => {
  const idle = resultOf('idle', { bifrost: [round(1, { heapBytes: 3 * 1024, rssBytes: 11 * 1024 })] })
  expect(judgeBars([idle], barOf('idle')).map(({ outcome }) => outcome)).toEqual(['met', 'missed'])
})

test('new connections are judged by their latency against kept ones', () => {
  const beside = resultOf('new-beside-kept', { bifrost: [round(1, { newP50Us: 3000, keptP50Us: 1000 })] })
  expect(outcomeOf(beside)).toBe('missed')
})

test('a bar without its case or rival is not measured', () => {
  expect(judgeBars([]).every(({ outcome }) => outcome === 'not measured')).toBe(true)
  expect(outcomeOf(resultOf('reverse-1k', { bifrost: [round(1)] }))).toBe('not measured')
})

test('every bar belongs to a case that runs its targets', () => {
  for (const { case: name, targets } of dailyBars)
    expect(cases.find((one) => one.name === name)?.targets).toEqual(expect.arrayContaining([...targets]))
})
