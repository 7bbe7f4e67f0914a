/** The part shared by the entries of threads and processes: only here may an instance end its thread or process. */
import type { InstanceBoot, InstancePort } from '../supervise/channel/channel.ts'
import { runInstance } from './instance.ts'

/** Time for running exchanges after a failure, provided that the event loop still turns. */
const graceMs = 500

export interface Connected {
  readonly boot: InstanceBoot
  readonly port: InstancePort
}

/** Runs the instance. Resolves when it is ready, or has failed and will end. */
export async function runEntry({ boot, port }: Connected): Promise<void> {
  const end = (code: number): void => port.whenPosted(() => process.exit(code))
  const instance = runInstance(boot, port, () => end(0))
  let isFailing = false

  /** Returns the listening sockets to main, which holds new connections until the next incarnation serves. */
  function fail(error: unknown): void {
    if (isFailing) return
    isFailing = true
    instance.giveBack()
    port.post({ type: 'thread.failed', message: error instanceof Error ? error.message : String(error) })
    setTimeout(end, graceMs, 1)
  }

  process.on('uncaughtException', fail)
  // Also reached if code in the instance calls `process.exit`: messages posted here are delivered before the
  // thread's sockets are closed.
  process.on('exit', () => {
    // Logs first: when a process ends, messages queued behind a handle are lost.
    instance.flushLogs()
    instance.giveBack()
  })
  await instance.ready.catch(fail)
}
