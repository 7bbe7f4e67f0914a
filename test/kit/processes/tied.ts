/** Ties child processes to the lifetime of a test. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { reap } from './reaper.ts'

/**
 * Ties a child process to its test, or to the process of its test file if a hook started it. Every process
 * that a test starts goes through here; a passing test has already ended it.
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
    // Called outside a test.
  }
  return child
}
