/** How long the measurements of a run take, and what a case needs. */
import { bulk } from './cases/sizes.ts'
import type { Grounds } from './contenders.ts'
import type { NoiseMeter } from './noise.ts'
import type { RoundOptions } from './rounds.ts'
import type { Case, TargetName } from './types.ts'

/** How long things take; shorter for a quick look. */
export interface Pace extends RoundOptions {
  readonly seconds: number
  readonly firstWarmUpMs: number
  readonly warmUpMs: number
  readonly bulkMiB: number
}

export const thorough = { firstWarmUpMs: 2_000, warmUpMs: 500, bulkMiB: bulk.totalMiB } as const
export const hurried = { firstWarmUpMs: 700, warmUpMs: 150, bulkMiB: 256 } as const

export interface RunOptions extends Grounds {
  readonly case: Case
  readonly targets: readonly TargetName[]
  readonly pace: Pace
  readonly noise: NoiseMeter
}
