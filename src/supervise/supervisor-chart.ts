/** The supervisor chart with what acts for it: carriers of its instances, and the log of their ends. */

import { type InstanceInput, instanceMachine } from '../../actors/instance.ts'
import { supervisorMachine } from '../../actors/supervisor.ts'
import { createCarrier } from './channel/carrier.ts'
import type { InstanceBoot } from './channel/channel.ts'
import { openChannel } from './channel/openers.ts'
import type { Core, Views } from './core.ts'
import { createInbox } from './inbox.ts'
import type { Listeners } from './listeners/listeners.ts'

export function createSupervisorChart(
  core: Core,
  views: Views,
  listeners: Listeners,
  boots: (input: InstanceInput) => InstanceBoot,
) {
  const { channels, limits, log, options, services } = core
  const { desk, journal, readings } = views
  const carrier = createCarrier({
    channels,
    open: openChannel,
    bootOf: boots,
    onMessage: createInbox({ ...core, ...views, listeners, exportSpans: options.exportSpans }),
    onUndelivered: (key, socket) => listeners.holdAgain(key, socket),
    onGone({ id, worker }) {
      journal.forget(id)
      limits.end(id)
      desk.ended(id)
      for (const service of services) if (service.worker.name === worker) service.closeBlock(id)
    },
  })
  return supervisorMachine.provide({
    actors: { instance: instanceMachine.provide({ actors: { carrier } }) },
    actions: {
      logEnd({ context: { lastEnd } }) {
        if (lastEnd === null) return
        const { id, reason, message } = lastEnd
        readings.ended(id, reason)
        const level = reason === 'drained' || reason === 'recycled' ? 'info' : 'error'
        log(level, 'instance ended', { instance: id, reason, message })
      },
    },
  })
}
