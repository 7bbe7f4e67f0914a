import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { reap } from './reaper.ts'

/**
 * A child process that ends with its test, or with the process of its test file where a hook started it. Every process that a test
 * starts goes through here; a test that passes has ended it already.
 */
export function tied<Child extends ChildProcess>(child: Child): Child {
  reap(child)
  const hasEnded = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null
  try {
    onTestFinished(async () => {
      if (hasEnded()) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    })
  } catch {
    // Not in a test.
  }
  return child
}
