/** Types, guards and delays of the supervisor chart, from which its actions are made. */

import { setup } from 'xstate'
import { instanceMachine } from './instance.ts'
import { isIntensityExceeded, withCrash } from './restart-policy.ts'
import { everyone, find } from './slots.ts'
import type { SupervisorContext, SupervisorEvent, SupervisorInput } from './supervisor-contract.ts'

/** Whether op.recycle concerns a slot: it names the slot's incarnation, or none at all. */
export const isMeant = (
  { id }: Extract<SupervisorEvent, { type: 'op.recycle' }>,
  { current }: SupervisorContext['roster']['slots'][number],
): boolean => id === undefined || id === current?.id

export const supervisorSetup = setup({
  types: {
    input: {} as SupervisorInput,
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
  },
  actors: { instance: instanceMachine },
  guards: {
    isEverySlotUp: ({ context }) => context.roster.slots.every((slot) => slot.isUp),
    isSomeSlotDown: ({ context }) => context.roster.slots.some((slot) => !slot.isUp),
    /** There is an instance to replace. */
    isMeantUp: ({ context, event }) =>
      context.roster.slots.some((slot) => slot.isUp && event.type === 'op.recycle' && isMeant(event, slot)),
    /** It is the end of the last instance, and not one crash too many of late. */
    isWorthAnother: ({ context: { roster, history, policy, now }, event }) => {
      const id = 'actorId' in event ? event.actorId : 'id' in event ? event.id : undefined
      if (id === undefined || (find(roster, id)?.at ?? -1) < 0) return false
      const others = roster.slots.flatMap(({ current, next }) => [current, next])
      if (others.some((one) => one !== null && one.id !== id)) return false
      return !isIntensityExceeded(withCrash(history, now(), policy), policy)
    },
    isNoneLive: ({ context }) => everyone(context.roster).length === 0,
  },
  delays: { REVIVAL: ({ context }) => context.policy.revivalMs },
})
