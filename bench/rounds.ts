/** Rounds in which the targets take turns; disturbed rounds are repeated. */
import type { Contender, Contenders } from './contenders.ts'
import type { NoiseMeter } from './noise.ts'
import type { Measurement } from './results.ts'
import type { TargetName } from './types.ts'

export interface RoundOptions {
  /** Quiet rounds wanted. */
  readonly rounds: number
  /** Further rounds at most, in place of disturbed ones. */
  readonly repeats: number
  /** Whether there is time for another round; the first one runs in any case. */
  readonly hasTime: () => boolean
}

export type Round = ReadonlyMap<TargetName, Measurement>

export interface Rounds {
  readonly kept: readonly Round[]
  readonly tried: number
  readonly disturbed: number
}

/** Measures until there are enough quiet rounds, or the repeats or the time are used up. */
export async function takeRounds(
  contenders: Contenders,
  noise: NoiseMeter,
  options: RoundOptions,
  measureOne: (contender: Contender, round: number) => Promise<Measurement>,
): Promise<Rounds> {
  const quiet: Round[] = []
  const disturbed: Round[] = []
  const { rounds, repeats, hasTime } = options
  for (let tried = 0; quiet.length < rounds && tried < rounds + repeats; tried += 1) {
    if (tried > 0 && !hasTime()) break
    const loops = await noise.calibrate()
    const seen = new Map<TargetName, Measurement>()
    for (const contender of inTurn(contenders.all, tried)) {
      await contenders.attempt(contender.target, async () => {
        seen.set(contender.target, await measureOne(contender, tried))
      })
    }
    const isQuiet = noise.isQuiet(loops, [...seen.values()])
    if (isQuiet) quiet.push(seen)
    else disturbed.push(seen)
  }
  return choose(quiet, disturbed, rounds)
}

/** Disturbed rounds are used only where quiet ones are missing, the latest ones first. */
export function choose(quiet: readonly Round[], disturbed: readonly Round[], rounds: number): Rounds {
  const missing = Math.max(0, rounds - quiet.length)
  const used = missing === 0 ? [] : disturbed.slice(-missing)
  return {
    kept: [...quiet, ...used],
    tried: quiet.length + disturbed.length,
    disturbed: used.length,
  }
}

/** Rotates the order, so that no target is always first or always follows the same neighbour. */
export function inTurn<T>(all: readonly T[], round: number): T[] {
  const first = all.length === 0 ? 0 : round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}
