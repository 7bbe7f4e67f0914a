/** A slow ramp: arrivals at a growing rate, until the target or the driver has reached its limit. */
import { capacities } from './capacity.ts'
import { mostArrivals, rampShares } from './cases/sizes.ts'
import type { Contender, Contenders } from './contenders.ts'
import { measure, summaryOf } from './measure.ts'
import type { RunOptions } from './pace.ts'
import type { Measurement } from './results.ts'
import type { Load, TargetName } from './types.ts'

export interface Ramp {
  readonly curves: ReadonlyMap<TargetName, readonly Measurement[]>
  readonly tried: number
  readonly disturbed: number
}

/** Beyond it, nothing new is to be seen: the queue grows until the end of the step. */
const overloadedP99Us = 300_000
/** An overloaded target uses less of its core only if driver, origin or other work were in its way. */
const overloadedBusy = 0.85

/** One target after the other, at the same rates. */
export async function climbAll(
  { pace, noise, say, case: { name } }: RunOptions,
  contenders: Contenders,
  load: Extract<Load, { kind: 'ramp' }>,
): Promise<Ramp> {
  const rates = ratesOf(Math.min(...(await capacities(contenders, load.path))), rampShares)
  const loops = await noise.calibrate()
  const curves = new Map<TargetName, readonly Measurement[]>()
  for (const contender of contenders.all)
    await contenders.attempt(contender.target, async () => {
      const onStep = (step: Measurement) =>
        say(`${name} ${contender.target} at ${step.extra.offered}/s: ${summaryOf(step)}`)
      curves.set(contender.target, await climb(contender, { load, rates, ms: pace.seconds * 1000, onStep }))
    })
  const isQuiet = noise.isQuiet(loops, [...curves.values()].flat())
  return { curves, tried: 1, disturbed: isQuiet ? 0 : 1 }
}

interface RampOptions {
  readonly load: Load
  /** Arrivals per second of each step. */
  readonly rates: readonly number[]
  /** Duration of each step. */
  readonly ms: number
  readonly onStep: (step: Measurement) => void
}

async function climb(contender: Contender, options: RampOptions): Promise<Measurement[]> {
  const steps: Measurement[] = []
  for (const perSecond of options.rates) {
    const run = () => measure(options.load, contender, { ms: options.ms, perSecond, totalMiB: 0 })
    const first = await run()
    // A disturbed step has a second chance; the table shows the use of the core.
    const step = isOverloaded(first) && first.busy < overloadedBusy ? await run() : first
    steps.push(step)
    options.onStep(step)
    if (isOverloaded(step)) break
  }
  return steps
}

const isOverloaded = ({ p99Us }: Measurement) => (p99Us ?? 0) > overloadedP99Us

/** The same rates for all targets. */
export function ratesOf(capacity: number, shares: readonly number[]): number[] {
  const rates = shares.map((share) => Math.max(100, Math.round((capacity * share) / 100) * 100))
  return [...new Set(rates.filter((rate) => rate <= mostArrivals))]
}
