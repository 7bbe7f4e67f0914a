/** Time that this thread has waited for a CPU, which delays every test on a busy machine. */
import { readFileSync } from 'node:fs'

/** The second field of the kernel's scheduler statistics, in nanoseconds. */
export const waitedForCpuMs = (): number =>
  Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6

/** A clock that stands still while this thread waits for a CPU. */
export const ownNow = (): number => performance.now() - waitedForCpuMs()
