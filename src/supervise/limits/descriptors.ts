/**
 * How instances share the file descriptors of their process.
 *
 * Connections to one worker could use up the descriptors that all others need. A quarter of what the process may open is therefore
 * reserved: once three quarters are in use, an instance admits connections only up to its share of that quarter.
 *
 *   0 ........................ 3/4 ..................... 15/16 ......... 1
 *     first come, first served     a share per instance     files, successors, main
 */

import { readFileSync } from 'node:fs'
import type { WorkerSettings } from '../../config/settings/settings.ts'
import type { DescriptorBounds } from '../channel/channel.ts'
import { slotsOf } from '../services/services.ts'

/** A connection and its upstream, or its file. */
const perConnection = 2

/** `sharers` are the instances in one process. */
export function boundsOf(maxDescriptors: number, sharers: number): DescriptorBounds {
  return {
    scarceFrom: Math.floor((maxDescriptors * 3) / 4),
    share: Math.max(1, Math.floor((maxDescriptors * 3) / 16 / perConnection / sharers)),
  }
}

/** Bounds for each instance of a worker; null if the limit of the process is unknown. */
export function shareDescriptors(
  workers: readonly WorkerSettings[],
  max = maxDescriptors(),
): (worker: string) => DescriptorBounds | null {
  if (max === null) return () => null
  const inMain = workers.filter(({ isolation }) => isolation !== 'process')
  const sharers = inMain.reduce((sum, worker) => sum + slotsOf(worker), 0)
  return (name) => boundsOf(max, inMain.some((worker) => worker.name === name) ? sharers : 1)
}

/** Limit of this process and of each child (`ulimit -n`); null if the kernel does not report one. */
export function maxDescriptors(): number | null {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return found === undefined ? null : Number(found)
  } catch {
    return null
  }
}
