/**
 * Runs one case: every target is started, verified and warmed up; then the targets take turns in rounds.
 *
 *   core 0   target                          one under load at a time, the others idle
 *   core 1   wrk or our driver, the origin
 */
import { capacities, halfLoad } from './capacity.ts'
import { Contenders } from './contenders.ts'
import { warmUp } from './drivers/drive.ts'
import { runIdle } from './idle.ts'
import { measure, summaryOf } from './measure.ts'
import type { RunOptions } from './pace.ts'
import { climbAll } from './ramp.ts'
import type { CaseResult, Measurement, Result } from './results.ts'
import { type Rounds, takeRounds } from './rounds.ts'
import type { Load, TargetName } from './types.ts'

export async function runCase(options: RunOptions): Promise<CaseResult> {
  const contenders = new Contenders(options.case, options)
  try {
    const { load } = options.case
    if (load.kind === 'ramp') {
      await enterAll(options, contenders)
      const ramp = await climbAll(options, contenders, load)
      return resultOf(options, contenders, (target) => ramp.curves.get(target) ?? [], ramp, true)
    }
    const rounds =
      load.kind === 'idle'
        ? await runIdle(options, contenders, load.path)
        : await runRounds(options, contenders, load)
    const of = (target: TargetName) => rounds.kept.flatMap((round) => round.get(target) ?? [])
    return resultOf(options, contenders, of, rounds, false)
  } finally {
    await contenders.stopAll()
  }
}

async function enterAll({ targets, pace, case: { load } }: RunOptions, contenders: Contenders) {
  for (const target of targets)
    await contenders.attempt(target, async () => {
      const { ports } = await contenders.enter(target)
      await warmUp(load, ports, pace.firstWarmUpMs)
    })
}

async function runRounds(options: RunOptions, contenders: Contenders, load: Load): Promise<Rounds> {
  const { pace, noise, say, case: one } = options
  await enterAll(options, contenders)
  const perSecond =
    load.kind === 'open' ? (load.perSecond ?? halfLoad(await capacities(contenders, load.path))) : 0
  const driving = { ms: pace.seconds * 1000, perSecond, totalMiB: pace.bulkMiB }
  return takeRounds(contenders, noise, pace, async (contender, round) => {
    await warmUp(load, contender.ports, pace.warmUpMs)
    const seen = await measure(load, contender, driving)
    say(`${one.name} round ${round + 1} ${contender.target}: ${summaryOf(seen)}`)
    return seen
  })
}

function resultOf(
  options: RunOptions,
  contenders: Contenders,
  of: (target: TargetName) => readonly Measurement[],
  { tried, disturbed }: Pick<Rounds, 'tried' | 'disturbed'>,
  isCurve: boolean,
): CaseResult {
  const results = options.targets.map((target): Result => {
    const rounds = of(target)
    const why = contenders.failureOf(target)
    if (why === null && rounds.length > 0) return { target, kind: 'measured', rounds, isCurve }
    return { target, kind: 'failed', why: why ?? 'not run' }
  })
  return { case: options.case, results, tried, disturbed }
}
