import { connectThread } from './supervise/thread.ts'
import { runInstance } from './worker.ts'

/** Entry of an instance in a thread. Only here may the thread be ended. */

/** Running exchanges of a failed instance get this long, as long as its loop still turns. */
const graceMs = 500

const { boot, port } = connectThread()
const instance = runInstance(boot, port, () => process.exit(0))

let isFailing = false

/** The last act: the listening sockets go back to main, which holds what connects until the next incarnation serves. */
function fail(error: unknown): void {
  if (isFailing) return
  isFailing = true
  instance.giveBack()
  port.post({ type: 'thread.failed', message: error instanceof Error ? error.message : String(error) })
  setTimeout(() => process.exit(1), graceMs)
}

process.on('uncaughtException', fail)
await instance.ready.catch(fail)
