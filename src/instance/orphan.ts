import { Worker } from 'node:worker_threads'

/** How long a process may outlive its parent. */
const checkMs = 1_000

/**
 * Runs in a thread of its own, which a loop that spins does not hold up. It sleeps in `Atomics.wait`, not on a timer: without
 * an event loop to turn, a look costs some microseconds, and the wait ends at once when the process does.
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
 * Ends this process when `parent`, the process that has started it, has ended, whatever its own event loop does: the end of the channel, by
 * which it would hear of it, is an event. Who the parent was cannot be asked here: it may be gone by now. Resolves when it is looked after: a
 * thread that has not quite started does not get on while this one spins (seen on 26.10).
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
  // Without it the process still ends with its channel, as long as its loop turns.
  await new Promise<void>((resolve) => {
    thread.once('message', () => resolve()).once('error', () => resolve())
  })
}
