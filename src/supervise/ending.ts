/** The end of the daemon: waits for its chart, then cleans up. */

import { type ActorRefFrom, toPromise } from 'xstate'
import type { daemonMachine, PartFailure } from '../../actors/daemon.ts'
import { BifrostError } from '../errors.ts'

/** Waits for the end of the daemon chart, however it comes, and clears up after it. */
export async function finish(
  root: ActorRefFrom<typeof daemonMachine>,
  running: PromiseWithResolvers<void>,
  clearUp: () => Promise<void>,
): Promise<void> {
  try {
    const { failures } = await toPromise(root)
    running.reject(
      failures.length > 0 ? startFailure(failures) : new BifrostError('DRAINING', 'stopped before it ran'),
    )
  } finally {
    await clearUp()
    // A caller that waits for `stopped` only may ignore `running`.
    running.promise.catch(() => {})
  }
}

function startFailure(failures: readonly PartFailure[]): BifrostError {
  const lines = failures.map(({ error }) => (error instanceof Error ? error.message : String(error)))
  // An address that several instances share fails once for each.
  return new BifrostError('LISTEN_FAILED', [...new Set(lines)].join('\n'), { cause: failures[0]?.error })
}
