/** Ends a child process whose parent has ended. */
import { Worker } from 'node:worker_threads'

/** Maximum time a process outlives its parent. */
const checkMs = 1_000

/**
 * Source of a thread, which a spinning loop of the main thread does not hold up. It sleeps in `Atomics.wait`
 * instead of a timer: without an event loop a check costs some microseconds, and the wait ends at once with
 * the process.
 */
const watchParent = `
  const { parentPort, workerData: parent } = require('node:worker_threads')
  parentPort.postMessage('watching')
  const cell = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
    Atomics.wait(cell, 0, 0, ${checkMs})
  }
`

/**
 * Ends this process when `parent`, the process that started it, has ended, even if its own event loop spins:
 * the end of the channel is an event, which a spinning loop never handles. The caller passes the parent's id
 * because the parent may be gone by now. Resolves when the watch runs: a thread that is still starting makes
 * no progress while this one spins (seen on 26.10).
 */
export async function endWithParent(parent: number): Promise<void> {
  const thread = new Worker(watchParent, {
    eval: true,
    name: 'orphan watch',
    workerData: parent,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 },
  })
  thread.unref()
  // If the watch fails to start, the process still ends with its channel, as long as its loop turns.
  await new Promise<void>((resolve) => {
    thread.once('message', () => resolve()).once('error', () => resolve())
  })
}
