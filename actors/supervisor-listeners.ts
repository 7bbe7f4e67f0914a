/** Actions of the supervisor chart on the listeners of its slots. */

import { listenerId } from './ids.ts'
import type { ListenerRef, SupervisorContext } from './supervisor-contract.ts'
import { supervisorSetup } from './supervisor-setup.ts'

/** Sends to the listeners of a supervisor's slots. */
export const tellListeners = (
  { context, system }: { readonly context: SupervisorContext; readonly system: { get(id: string): unknown } },
  tell: (listener: ListenerRef) => void,
  keys: readonly string[] = context.listeners.flat(),
) => {
  for (const key of keys) {
    const listener = system.get(listenerId(key)) as ListenerRef | undefined
    if (listener) tell(listener)
  }
}

const living = ({ roster }: SupervisorContext) =>
  roster.slots.flatMap(({ current, isUp }) => (current !== null && isUp ? [current.id] : []))

/** Gives the listeners of slots without a living instance to instances that live. */
export const shareListeners = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  const { slots } = context.roster
  const heirs = living(context)
  // An instance that is still starting is worth waiting for.
  if (heirs.length === 0 && slots.some(({ current }) => current !== null)) return
  for (const [at, { isUp }] of slots.entries()) {
    if (isUp) continue
    const heir = heirs[at % heirs.length]
    tellListeners(
      { context, system },
      (listener) => {
        if (heir === undefined) enqueue.sendTo(listener, { type: 'listener.refuse' })
        else enqueue.sendTo(listener, { type: 'listener.delegate', instance: heir })
      },
      context.listeners[at],
    )
  }
})

/** As `shareListeners` while instances are still being started: if none lives, the listeners go on holding. */
export const lendListeners = supervisorSetup.enqueueActions(({ context, enqueue }) => {
  if (living(context).length > 0) enqueue(shareListeners)
})

/** Instances start again, so new connections wait for them. */
export const resumeHolding = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  tellListeners({ context, system }, (listener) => enqueue.sendTo(listener, { type: 'listener.hold' }))
})

/**
 * Runs before the instances drain: new connections must be refused, not wait for a successor that never
 * comes.
 */
export const suspendListeners = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  tellListeners({ context, system }, (listener) => enqueue.sendTo(listener, { type: 'listener.suspend' }))
})
