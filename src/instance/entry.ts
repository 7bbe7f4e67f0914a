import type { InstanceBoot, InstancePort } from '../supervise/channel/channel.ts'
import { runInstance } from './instance.ts'

/** What the entries of threads and processes share: only here may an instance end its thread or process. */

/** Running exchanges of a failed instance get this long, as long as its loop still turns. */
const graceMs = 500

export interface Connected {
  readonly boot: InstanceBoot
  readonly port: InstancePort
}

/** Runs the instance; resolves when it is ready, or has failed and will end. */
export async function runEntry({ boot, port }: Connected): Promise<void> {
  const end = (code: number): void => port.whenPosted(() => process.exit(code))
  const instance = runInstance(boot, port, () => end(0))
  let isFailing = false

  /** The last act: the listening sockets go back to main, which holds what connects until the next incarnation serves. */
  function fail(error: unknown): void {
    if (isFailing) return
    isFailing = true
    instance.giveBack()
    port.post({ type: 'thread.failed', message: error instanceof Error ? error.message : String(error) })
    setTimeout(end, graceMs, 1)
  }

  process.on('uncaughtException', fail)
  // Also when somebody ends it from within: what a thread posts here is delivered before its sockets are closed.
  process.on('exit', () => {
    // In this order: of a process that ends, nothing gets past a handle on its way.
    instance.flushLogs()
    instance.giveBack()
  })
  await instance.ready.catch(fail)
}
