/** Ends child processes of tests. */
import type { ChildProcess } from 'node:child_process'
import { rmSync } from 'node:fs'

/**
 * Ends a process of a test, by force if necessary, and removes its folder, if any. `ended` resolves when the
 * process has closed.
 */
export async function endChild(child: ChildProcess, ended: Promise<unknown>, folder?: string): Promise<void> {
  child.kill()
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await ended
  clearTimeout(timer)
  if (folder !== undefined) rmSync(folder, { recursive: true })
}
