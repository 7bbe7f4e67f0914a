/** The product's promises, in CPU per unit, checked against one run. */
import { pairedRatios, type Spread } from './statistics.ts'
import type { CaseResult, TargetName } from './types.ts'

interface Bar {
  readonly case: string
  readonly rival: TargetName
  /** Ours costs at most that factor of the rival, or the rival at least that factor of ours. */
  readonly kind: 'at most' | 'cheaper by'
  readonly factor: number
}

const bars: readonly Bar[] = [
  { case: 'reverse-1k', rival: 'nginx', kind: 'at most', factor: 3.0 },
  { case: 'reverse-1k', rival: 'http-proxy-3', kind: 'cheaper by', factor: 1.8 },
  { case: 'forward-1k', rival: 'proxy-chain', kind: 'cheaper by', factor: 2 },
  { case: 'static-1k', rival: 'sirv-cli', kind: 'cheaper by', factor: 3 },
]

export interface Verdict {
  readonly text: string
  readonly outcome: 'passed' | 'missed' | 'not measured'
  readonly seen: Spread | null
}

/** Judges each bar by the median of the paired rounds. */
export function judgeBars(results: readonly CaseResult[]): Verdict[] {
  return bars.map((bar) => {
    const text =
      bar.kind === 'at most'
        ? `${bar.case}: at most ${bar.factor.toFixed(1)}x ${bar.rival}`
        : `${bar.case}: at least ${bar.factor.toFixed(1)}x cheaper than ${bar.rival}`
    const ours = cpuOf(results, bar.case, 'bifrost')
    const theirs = cpuOf(results, bar.case, bar.rival)
    if (ours === null || theirs === null) return { text, outcome: 'not measured', seen: null }
    const seen = bar.kind === 'at most' ? pairedRatios(ours, theirs) : pairedRatios(theirs, ours)
    const isPassed = bar.kind === 'at most' ? seen.median <= bar.factor : seen.median >= bar.factor
    return { text, outcome: isPassed ? 'passed' : 'missed', seen }
  })
}

export function cpuOf(results: readonly CaseResult[], name: string, target: TargetName): number[] | null {
  const found = results.find((one) => one.case.name === name)?.results.find((one) => one.target === target)
  if (found?.kind !== 'measured') return null
  return found.rounds.map(({ cpuUsPerUnit }) => cpuUsPerUnit)
}
