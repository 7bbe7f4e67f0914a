/** Finds how many requests per second a target can serve with its whole core. */
import { mostArrivals } from './cases/sizes.ts'
import type { Contender, Contenders } from './contenders.ts'
import { keepAlive } from './drivers/drive.ts'
import { measure } from './measure.ts'

/**
 * Requests per second at full use of the core. The rate that wrk reaches is lower if driver and origin are the
 * bottleneck, so the CPU per request is measured.
 */
async function capacityOf(contender: Contender, path: string, ms: number): Promise<number> {
  const driving = { ms, perSecond: 0, totalMiB: 0 }
  const { cpuUsPerUnit } = await measure(keepAlive(path), contender, driving)
  return 1e6 / cpuUsPerUnit
}

/** Half of the lowest capacity, in whole hundreds, at most what the driver can send. */
export function halfLoad(capacities: readonly number[]): number {
  const half = Math.min(...capacities, mostArrivals) / 2
  return Math.max(100, Math.floor(half / 100) * 100)
}

export async function capacities(contenders: Contenders, path: string): Promise<number[]> {
  const all: number[] = []
  for (const contender of contenders.all)
    await contenders.attempt(contender.target, async () => {
      all.push(await capacityOf(contender, path, 1_000))
    })
  return all
}
