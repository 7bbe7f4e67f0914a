/** Runs the selected cases one after the other, with the servers that they share. */
import type { Options } from './arguments.ts'
import { dailyBars } from './bars.ts'
import type { Grounds } from './contenders.ts'
import { onGrounds } from './grounds.ts'
import { NoiseMeter } from './noise.ts'
import { hurried, type Pace, thorough } from './pace.ts'
import type { Launched, Measured } from './report-input.ts'
import type { CaseResult } from './results.ts'
import { runCase } from './run.ts'
import type { Case, TargetName } from './types.ts'

/** The quick mode shares this time between its cases: a case that is late takes no second round. */
const quickMs = 72_000
/** After it, the quick mode starts no case. */
const lastStartMs = 78_000

export async function runSuite(
  options: Options,
  runDir: string,
  say: (text: string) => void,
): Promise<Measured> {
  const at = new Date()
  const began = performance.now()
  const noise = new NoiseMeter()
  const launches = new Map<string, Launched>()
  const onLaunch: Grounds['onLaunch'] = (one, target, what) => {
    const setup = one.setup === undefined ? '' : JSON.stringify(one.setup)
    launches.set(`${one.job} ${setup} ${target}`, { target, what, case: one.name })
  }
  const isQuick = options.mode === 'quick'
  const { rounds, repeats, seconds } = options
  const selection = selectionOf(options)
  const results: CaseResult[] = []
  const hasTime = () =>
    !isQuick || performance.now() - began < (quickMs * (results.length + 0.5)) / selection.length
  const pace: Pace = { rounds, repeats, seconds, hasTime, ...(isQuick ? hurried : thorough) }
  await onGrounds(runDir, say, onLaunch, async (grounds) => {
    for (const [one, targets] of selection) {
      if (isQuick && performance.now() - began > lastStartMs) say(`${one.name}: no time left`)
      else results.push(await runCase({ ...grounds, case: one, targets, pace, noise }))
    }
  })
  const minutes = (performance.now() - began) / 60_000
  return { at, minutes, rounds, seconds, results, noise: noise.judge(results), launches }
}

/** The quick mode leaves out cases and targets without a bar. */
function selectionOf({ mode, cases, targets }: Options): [Case, readonly TargetName[]][] {
  return cases.flatMap((one): [Case, readonly TargetName[]][] => {
    const daily = dailyBars.filter((bar) => bar.case === one.name).flatMap((bar) => bar.targets)
    const mine = one.targets.filter(
      (name) => (targets?.includes(name) ?? true) && (mode !== 'quick' || daily.includes(name)),
    )
    return mine.length === 0 ? [] : [[one, mine]]
  })
}
