import { type ListenerRef, listenerSystemId, type SupervisorContext } from './supervisor-contract.ts'
import { supervisorSetup } from './supervisor-setup.ts'

/** What a supervisor tells the listeners of its slots. */
export const tellListeners = (
  { context, system }: { readonly context: SupervisorContext; readonly system: { get(id: string): unknown } },
  tell: (listener: ListenerRef) => void,
  keys: readonly string[] = context.listeners.flat(),
) => {
  for (const key of keys) {
    const listener = system.get(listenerSystemId(key)) as ListenerRef | undefined
    if (listener) tell(listener)
  }
}

const living = ({ roster }: SupervisorContext) =>
  roster.slots.flatMap(({ current, isUp }) => (current !== null && isUp ? [current.id] : []))

/** Gives the listeners of each slot without a living instance to one that lives. */
export const shareListeners = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  const { slots } = context.roster
  const heirs = living(context)
  // One that is still starting is worth waiting for.
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

/** Instances are started again, so what connects waits for them. */
export const resumeHolding = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  tellListeners({ context, system }, (listener) => enqueue.sendTo(listener, { type: 'listener.hold' }))
})

/** Before the instances drain: what connects meanwhile is to be refused, not to wait for a successor that never comes. */
export const suspendListeners = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  tellListeners({ context, system }, (listener) => enqueue.sendTo(listener, { type: 'listener.suspend' }))
})
