/** Judges whether the machine was quiet enough for meaningful results. */
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { cores, Started } from './processes.ts'
import { type Spread, spreadOf } from './statistics.ts'
import type { CaseResult } from './types.ts'

const most = { spread: 0.15, load: 0.5, foreign: 0.05 } as const

export interface Noise {
  readonly loadBefore: number
  /** Milliseconds of the calibration loop on each core, before every round. */
  readonly loops: Readonly<Record<keyof typeof cores, Spread>>
  /** Empty if the machine was quiet. */
  readonly complaints: readonly string[]
}

export class NoiseMeter {
  readonly #loadBefore = loadavg()[0] ?? 0
  readonly #loops = { target: [] as number[], rest: [] as number[] }

  /** Call it while no process of the benchmark is busy. */
  async calibrate(): Promise<void> {
    for (const [name, core] of Object.entries(cores) as [keyof typeof cores, number][]) {
      const loop = new Started({
        command: process.execPath,
        args: [join(import.meta.dirname, 'calibrate.ts')],
        core,
      })
      const output = await loop.finished(20_000)
      const { ms } = JSON.parse(output.replace('result ', '')) as { ms: number }
      this.#loops[name].push(ms)
    }
  }

  judge(results: readonly CaseResult[]): Noise {
    const loops = { target: spreadOf(this.#loops.target), rest: spreadOf(this.#loops.rest) }
    const complaints: string[] = []
    if (this.#loadBefore > most.load)
      complaints.push(`load average ${this.#loadBefore.toFixed(2)} before the start, over ${most.load}`)
    for (const [name, { min, max, median }] of Object.entries(loops)) {
      const spread = (max - min) / median
      if (spread > most.spread)
        complaints.push(
          `calibration loop on the ${name} core spread ${percent(spread)}, over ${percent(most.spread)}`,
        )
    }
    const shares = results.flatMap(({ results }) =>
      results.flatMap((one) => (one.kind === 'measured' ? one.rounds.map(({ foreign }) => foreign) : [])),
    )
    const disturbed = shares.filter((share) => share > most.foreign).length
    if (disturbed > 0)
      complaints.push(
        `in ${disturbed} of ${shares.length} measurements something else used over ${percent(most.foreign)} of the target core (at most ${percent(Math.max(...shares))})`,
      )
    return { loadBefore: this.#loadBefore, loops, complaints }
  }
}

const percent = (share: number) => `${(share * 100).toFixed(0)} %`
