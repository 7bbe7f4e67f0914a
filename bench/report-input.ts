/** What a report is made of. */
import { judgeBars, type Verdict } from './bars.ts'
import type { Noise } from './noise.ts'
import type { Profiled } from './profile.ts'
import type { CaseResult } from './results.ts'
import type { Case, Launch, TargetName } from './types.ts'

export interface Launched {
  readonly target: TargetName
  readonly what: Launch
  /** The last case with this configuration. */
  readonly case: string
}

/** What the suite measured. */
export interface Measured {
  readonly at: Date
  readonly minutes: number
  readonly rounds: number
  readonly seconds: number
  readonly results: readonly CaseResult[]
  readonly noise: Noise
  /** Launch settings by case and target. */
  readonly launches: ReadonlyMap<string, Launched>
}

export interface ReportInput extends Measured {
  /** Profiles of the cases whose bars were missed. */
  readonly profiles: readonly Profiled[]
}

/** Cases of Bifrost with a missed bar. */
export function missedCases({ results }: Measured): Case[] {
  const missed = judgeBars(results).filter(({ outcome }) => outcome === 'missed')
  return results.map((one) => one.case).filter(({ name }) => missed.some(({ bar }) => bar.case === name))
}

/** Only bars of cases that were run. */
export const measuredBars = ({ results }: Measured): Verdict[] =>
  judgeBars(results).filter(({ bar }) => results.some(({ case: { name } }) => name === bar.case))
