import type { DaemonSettings, ListenAddress } from '../../config/settings/settings.ts'
import type { WorkerPlan } from '../plan.ts'
import type { Listeners } from './listeners.ts'

/**
 * Every TCP port that the daemon listens on, as a forward proxy must know them. Instances start when all listeners are bound and admin is
 * open, and a listener that is bound again keeps its port, so what is right at the start of an instance stays right.
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
