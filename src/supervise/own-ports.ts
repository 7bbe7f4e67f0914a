/** The ports that the daemon itself listens on. */

import type { DaemonSettings, ListenAddress } from '../config/settings/settings.ts'
import type { Listeners } from './listeners/listeners.ts'
import type { WorkerPlan } from './plan.ts'

/**
 * Every TCP port that the daemon listens on, for the forward proxy's destination rules. Instances start after
 * all listeners are bound and admin is open, and a listener that is bound again keeps its port. So the list
 * stays right for the life of an instance.
 */
export function ownPorts(
  plans: readonly WorkerPlan[],
  listeners: Pick<Listeners, 'addressOf'>,
  { demoUpstream }: Pick<DaemonSettings, 'demoUpstream'>,
  admin: ListenAddress | null,
): readonly number[] {
  const workers = plans.flatMap((plan) => plan.listeners).map(({ key }) => listeners.addressOf(key))
  const others = [demoUpstream, admin].filter((address) => address !== null)
  return [...new Set([...workers, ...others].map(({ port }) => port))].filter((port) => port !== 0)
}
