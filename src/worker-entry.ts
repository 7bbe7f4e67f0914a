import type { InstanceBoot, InstancePort } from './supervise/channel.ts'
import { runInstance } from './worker.ts'

/** What the entries of threads and processes share: only here may an instance end its thread or process. */

/** Running exchanges of a failed instance get this long, as long as its loop still turns. */
const graceMs = 500

export interface Connected {
  readonly boot: InstanceBoot
  readonly port: InstancePort
}

/** Runs the instance; resolves when it is ready, or has failed and will end. */
export async function runEntry({ boot, port }: Connected): Promise<void> {
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
  // Also when somebody ends it from within: what a thread posts here is delivered before its sockets are closed.
  process.on('exit', () => {
    instance.giveBack()
    instance.flushLogs()
  })
  await instance.ready.catch(fail)
}
