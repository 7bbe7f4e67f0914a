import { listenerId } from './ids.ts'
import type { ListenerRef, SupervisorContext } from './supervisor-contract.ts'
import { supervisorSetup } from './supervisor-setup.ts'

/** What a supervisor tells the listeners of its slots. */
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

/** Gives the listeners of each slot without a living instance to one that lives. */
export const shareListeners = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  const { slots } = context.roster
  const heirs = slots.flatMap(({ current, isUp }) => (current !== null && isUp ? [current.id] : []))
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

/** Instances are started again, so what connects waits for them. */
export const resumeHolding = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  tellListeners({ context, system }, (listener) => enqueue.sendTo(listener, { type: 'listener.hold' }))
})

/** Before the instances drain: what connects meanwhile is to be refused, not to wait for a successor that never comes. */
export const suspendListeners = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  tellListeners({ context, system }, (listener) => enqueue.sendTo(listener, { type: 'listener.suspend' }))
})
