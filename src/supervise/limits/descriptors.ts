import { readFileSync } from 'node:fs'
import type { WorkerSettings } from '../../config/settings/settings.ts'
import { slotsOf } from '../services.ts'

/**
 * Threads share the file descriptors of their process, so connections to one type could use up what all others need.
 * Of what a process may open a quarter is kept: once three quarters are in use, an instance admits connections only while
 * it has no more than its share of that quarter.
 *
 *   0 ........................ 3/4 ..................... 15/16 ......... 1
 *     whoever needs them first     each instance its share     files, successors, main
 */
export interface DescriptorBounds {
  /** A descriptor of this number or more means that they are scarce. */
  readonly scarceFrom: number
  /** Connections that an instance may have all the same. */
  readonly share: number
}

/** A connection and its upstream, or its file. */
const perConnection = 2

/** `sharers` are the instances in one process. */
export function boundsOf(maxDescriptors: number, sharers: number): DescriptorBounds {
  return {
    scarceFrom: Math.floor((maxDescriptors * 3) / 4),
    share: Math.max(1, Math.floor((maxDescriptors * 3) / 16 / perConnection / sharers)),
  }
}

/** Bounds of each instance of a worker; null where the kernel does not tell what a process may have. */
export function shareDescriptors(
  workers: readonly WorkerSettings[],
  max = maxDescriptors(),
): (worker: string) => DescriptorBounds | null {
  if (max === null) return () => null
  const inMain = workers.filter(({ isolation }) => isolation !== 'process')
  const sharers = inMain.reduce((sum, worker) => sum + slotsOf(worker), 0)
  return (name) => boundsOf(max, inMain.some((worker) => worker.name === name) ? sharers : 1)
}

/** What this process and its children may have open each ("ulimit -n"); null where the kernel does not tell. */
export function maxDescriptors(): number | null {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return found === undefined ? null : Number(found)
  } catch {
    return null
  }
}
