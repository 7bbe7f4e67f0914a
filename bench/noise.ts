/** Judges whether the machine was quiet enough for meaningful results. */
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { cores, Started } from './processes.ts'
import type { CaseResult, Measurement } from './results.ts'
import { type Spread, spreadOf } from './statistics.ts'
import { withSpread } from './table.ts'

const most = { spread: 0.15, load: 0.5, foreign: 0.05 } as const

/** Milliseconds of the calibration loop on each core. */
export type Loops = Readonly<Record<keyof typeof cores, number>>

export interface Noise {
  readonly loadBefore: number
  /** Before every round, including disturbed ones. */
  readonly loops: Readonly<Record<keyof typeof cores, Spread>>
  /** Empty if all kept rounds were quiet. */
  readonly complaints: readonly string[]
}

export class NoiseMeter {
  readonly #loadBefore = loadavg()[0] ?? 0
  readonly #loops: Loops[] = []

  /** Call it while no process of the benchmark is busy. */
  async calibrate(): Promise<Loops> {
    const [target, rest] = await Promise.all([loop(cores.target), loop(cores.rest)])
    const loops = { target, rest }
    this.#loops.push(loops)
    return loops
  }

  isQuiet(loops: Loops, measurements: readonly Measurement[]): boolean {
    return isQuietRound(loops, this.#loops, measurements)
  }

  judge(results: readonly CaseResult[]): Noise {
    const of = (core: keyof typeof cores) => spreadOf(this.#loops.map((one) => one[core]))
    const disturbed = results
      .filter((one) => one.disturbed > 0)
      .map(({ case: { name }, disturbed, tried }) => `${name} (${tried - disturbed} of ${tried} quiet)`)
    const complaints = disturbed.length === 0 ? [] : [`disturbed rounds in ${disturbed.join(', ')}`]
    if (this.#loadBefore > most.load)
      complaints.unshift(`load average ${this.#loadBefore.toFixed(2)} before the start, over ${most.load}`)
    return { loadBefore: this.#loadBefore, loops: { target: of('target'), rest: of('rest') }, complaints }
  }
}

/** Compares with the fastest loop of the run on each core, and looks for other work on the target's core. */
export function isQuietRound(
  loops: Loops,
  all: readonly Loops[],
  measurements: readonly Pick<Measurement, 'foreign'>[],
): boolean {
  const isFast = (['target', 'rest'] as const).every((core) => {
    const fastest = Math.min(...all.map((one) => one[core]))
    return loops[core] <= fastest * (1 + most.spread)
  })
  return isFast && measurements.every(({ foreign }) => foreign <= most.foreign)
}

async function loop(core: number): Promise<number> {
  const started = new Started({
    command: process.execPath,
    args: [join(import.meta.dirname, 'calibrate.ts')],
    core,
  })
  const output = await started.finished(20_000)
  return (JSON.parse(output.replace('result ', '')) as { ms: number }).ms
}

/** For reports. */
export function noiseLines({ loops: { target, rest }, loadBefore, complaints }: Noise): string[] {
  return [
    `load average before: ${loadBefore.toFixed(2)}; calibration loop, ms: target core ${withSpread(target, 1)}, other core ${withSpread(rest, 1)}`,
    complaints.length === 0
      ? 'the machine was quiet'
      : `THE MACHINE WAS TOO NOISY for these numbers to be quoted: ${complaints.join('; ')}`,
  ]
}
