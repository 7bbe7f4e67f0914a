/** Plans workers: slots, services and listeners. */

import { listenerKey } from '../../actors/ids.ts'
import type { DaemonSettings } from '../config/settings/settings.ts'
import type { ListenerSpec } from './listeners/listeners.ts'
import type { UnixSpec } from './listeners/unix-path.ts'
import { createServices, type Service, slotsOf } from './services/services.ts'

/** The fixed data of a worker, made once for the life of the daemon. */
export interface WorkerPlan {
  readonly name: string
  readonly slots: number
  readonly services: readonly Service[]
  /** Keys of the listeners of each slot. */
  readonly keys: readonly (readonly string[])[]
  readonly listeners: readonly ListenerSpec[]
  readonly unix: readonly UnixSpec[]
}

/**
 * Every instance of a worker has a server of its own on each address of the worker. A path can belong to one socket only: it is the
 * first instance's.
 */
export function planWorkers(settings: DaemonSettings): readonly WorkerPlan[] {
  return settings.workers.map((worker) => {
    const slots = slotsOf(worker)
    const listeners: ListenerSpec[] = []
    const unix: UnixSpec[] = []
    const keys = Array.from({ length: slots }, (_, slot) =>
      worker.listen.flatMap((address, at) => {
        const key = listenerKey(worker.name, at, slot)
        if (!('path' in address)) {
          const isContained = worker.isolation !== 'shared'
          const isTls = address.tls !== undefined
          listeners.push({ key, group: `${worker.name}/${at}`, address, isContained, isTls })
        } else if (slot === 0) unix.push({ key, address })
        else return []
        return [key]
      }),
    )
    return { name: worker.name, slots, services: createServices(worker), keys, listeners, unix }
  })
}

/** Each instance's share of the spans per second that main accepts. */
export function spanShare(plans: readonly WorkerPlan[], maxPerSecond = 2_000): number {
  const instances = plans.reduce((sum, { slots }) => sum + slots, 0)
  return Math.max(1, Math.floor(maxPerSecond / Math.max(1, instances)))
}
