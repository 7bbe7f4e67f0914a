/** Waits for conditions. */
import { setTimeout as wait } from 'node:timers/promises'

/** Waits until a condition is true; fails with its description after `withinMs`. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  withinMs = 50_000,
): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`did not happen within ${withinMs} ms: ${what}`)
    await wait(5)
  }
}
