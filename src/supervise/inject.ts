/** Breaks instances on purpose, for tests. */

import { isInstanceOf, workerOfInstance } from '../../actors/ids.ts'
import type { Channels } from './channel/carrier.ts'
import { faultNames } from './channel/channel.ts'

/**
 * Breaks every instance of a worker, or one by its id. Returns false for an unknown id or if it cannot be
 * broken. For tests only.
 */
export function createInject(channels: Channels, isShared: (worker: string) => boolean) {
  return (target: string, fault: string): boolean => {
    const targets = channels.all().filter(({ id }) => id === target || isInstanceOf(id, target))
    const kind = faultNames.find((one) => one === fault)
    if (targets.length === 0 || kind === undefined) return false
    for (const channel of targets) {
      if (kind === 'kill') channel.kill()
      else channel.post({ type: 'fault', fault: kind })
    }
    // A shared instance logs why it refuses.
    return !isShared(workerOfInstance(target)) || fault === 'kill'
  }
}
