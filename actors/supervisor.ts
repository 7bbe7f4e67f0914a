import {
  type ActorRefFrom,
  assign,
  type DoneActorEvent,
  type ErrorActorEvent,
  sendParent,
  setup,
} from 'xstate'
import { type InstanceOutput, instanceMachine } from './instance.ts'
import type { listenerMachine } from './listener.ts'
import { backoffMs, isIntensityExceeded, type RestartPolicy, withCrash } from './restart-policy.ts'

/**
 * The supervisor chart: one per worker, one_for_one over its instances (OTP). It starts them, restarts what ends
 * without being told to, with back-off, and gives up after too many crashes in a period, to try again much later.
 * The supervisors of other workers never notice.
 *
 *   supervising { starting -> steady <-> restarting } -- intensity exceeded --> gaveUp -- REVIVAL --> supervising
 *        '---------------- op.stop ----------------> stopping -- last instance ended --> stopped
 */
export interface SupervisorInput {
  readonly worker: string
  readonly slots: number
  /** Listener keys of each slot; its instance gets them when it is alive. */
  readonly listeners: readonly (readonly string[])[]
  readonly policy: RestartPolicy
  readonly startTimeoutMs: number
  readonly drainTimeoutMs: number
  readonly now: () => number
  readonly random: () => number
}

interface Slot {
  readonly ref: ActorRefFrom<typeof instanceMachine> | null
  readonly id: string
  readonly up: boolean
  readonly scope: AbortController
}

export interface SupervisorContext extends SupervisorInput {
  readonly live: readonly Slot[]
  readonly generation: number
  readonly restarts: number
  /** Crash times, milliseconds. */
  readonly history: readonly number[]
  readonly lastEnd: InstanceOutput | null
}

export type SupervisorEvent =
  | { readonly type: 'instance.alive'; readonly id: string; readonly slot: number }
  | { readonly type: 'slot.start'; readonly slot: number }
  | { readonly type: 'slot.startAll' }
  | { readonly type: 'intensity.exceeded' }
  | { readonly type: 'op.stop' }
  | { readonly type: 'op.kill' }
  | DoneActorEvent<InstanceOutput, string>
  | ErrorActorEvent<unknown, string>

const emptySlot = (): Slot => ({ ref: null, id: '', up: false, scope: new AbortController() })

const replaceSlot = (live: readonly Slot[], at: number, slot: Slot): readonly Slot[] =>
  live.map((old, index) => (index === at ? slot : old))

/** The slot that an end belongs to; -1 for an end that was dealt with before. */
const slotOfEnd = (context: SupervisorContext, actorId: string): number =>
  context.live.findIndex((slot) => slot.id === actorId)

/** What an instance said of its end; one whose chart itself failed has crashed. */
function endOf(
  event: DoneActorEvent<InstanceOutput, string> | ErrorActorEvent<unknown, string>,
): InstanceOutput {
  if ('output' in event && event.output !== undefined) return event.output
  const cause = 'error' in event ? String(event.error) : 'no reason was given'
  return { id: event.actorId, slot: -1, reason: 'threw', message: cause }
}

type ListenerRef = ActorRefFrom<typeof listenerMachine>

export const listenerSystemId = (key: string): string => `listener:${key}`

const supervisorSetup = setup({
  types: {
    input: {} as SupervisorInput,
    context: {} as SupervisorContext,
    events: {} as SupervisorEvent,
  },
  actors: { instance: instanceMachine },
  guards: {
    isEverySlotUp: ({ context }) => context.live.every((slot) => slot.up),
    isSomeSlotDown: ({ context }) => context.live.some((slot) => !slot.up),
    isNoneLive: ({ context }) => context.live.every((slot) => slot.ref === null),
  },
  delays: { REVIVAL: ({ context }) => context.policy.revivalMs },
})

const startAll = supervisorSetup.enqueueActions(({ context, enqueue }) => {
  for (const [slot, { ref }] of context.live.entries()) {
    if (ref === null) enqueue.raise({ type: 'slot.start', slot })
  }
})

const startSlot = supervisorSetup.assign(({ context, event, spawn }) => {
  if (event.type !== 'slot.start' || context.live[event.slot]?.ref !== null) return {}
  const generation = context.generation + 1
  const id = `${context.worker}#${generation}`
  const scope = new AbortController()
  const ref = spawn('instance', {
    id,
    systemId: id,
    input: {
      id,
      worker: context.worker,
      slot: event.slot,
      generation,
      startTimeoutMs: context.startTimeoutMs,
      drainTimeoutMs: context.drainTimeoutMs,
      signal: scope.signal,
    },
  })
  return { generation, live: replaceSlot(context.live, event.slot, { ref, id, up: false, scope }) }
})

const markUp = supervisorSetup.assign(({ context, event }) => {
  if (event.type !== 'instance.alive') return {}
  const slot = context.live[event.slot]
  if (slot === undefined || slot.id !== event.id) return {}
  return { live: replaceSlot(context.live, event.slot, { ...slot, up: true }) }
})

const delegateListeners = supervisorSetup.enqueueActions(({ context, event, enqueue, system }) => {
  if (event.type !== 'instance.alive') return
  for (const key of context.listeners[event.slot] ?? []) {
    const listener = system.get(listenerSystemId(key)) as ListenerRef | undefined
    if (listener) enqueue.sendTo(listener, { type: 'listener.delegate', instance: event.id })
  }
})

/** Buries an instance: whatever it owned is released, and its listeners are told that their owner is gone. */
const bury = supervisorSetup.enqueueActions(({ context, event, enqueue, system }) => {
  if (!('actorId' in event)) return
  const at = slotOfEnd(context, event.actorId)
  const slot = context.live[at]
  if (slot === undefined) return
  slot.scope.abort()
  enqueue.stopChild(event.actorId)
  for (const key of context.listeners[at] ?? []) {
    const listener = system.get(listenerSystemId(key)) as ListenerRef | undefined
    if (listener) enqueue.sendTo(listener, { type: 'listener.ownerGone', instance: event.actorId })
  }
  enqueue.assign({ live: replaceSlot(context.live, at, emptySlot()), lastEnd: endOf(event) })
})

/** Plans the restart of the slot that just ended. Runs before `bury`, which forgets whose slot it was. */
const planRestart = supervisorSetup.enqueueActions(({ context, event, enqueue }) => {
  if (!('actorId' in event)) return
  const slot = slotOfEnd(context, event.actorId)
  if (slot < 0) return
  const history = withCrash(context.history, context.now(), context.policy)
  enqueue.assign({ history })
  if (isIntensityExceeded(history, context.policy)) {
    enqueue.raise({ type: 'intensity.exceeded' })
    return
  }
  enqueue.assign({ restarts: context.restarts + 1 })
  const delay = backoffMs(history, context.policy, context.random())
  enqueue.raise({ type: 'slot.start', slot }, { delay, id: `restart:${slot}` })
})

const drainAll = supervisorSetup.enqueueActions(({ context, enqueue }) => {
  for (const { ref } of context.live) if (ref !== null) enqueue.sendTo(ref, { type: 'op.drain' })
})

const killAll = supervisorSetup.enqueueActions(({ context, enqueue }) => {
  for (const { ref } of context.live) if (ref !== null) enqueue.sendTo(ref, { type: 'op.kill' })
})

export const supervisorMachine = supervisorSetup
  .extend({
    actions: {
      startAll,
      startSlot,
      markUp,
      delegateListeners,
      bury,
      planRestart,
      forgetCrashes: assign({ history: [] }),
      drainAll,
      killAll,
      announceUp: sendParent(({ context }) => ({ type: 'worker.up', worker: context.worker })),
      announceGaveUp: sendParent(({ context }) => ({ type: 'worker.gaveUp', worker: context.worker })),
      /** Supplied by src: logs why an instance ended. */
      logEnd: () => {},
    },
  })
  .createMachine({
    id: 'supervisor',
    options: { maxIterations: 1000 },
    context: ({ input }) => ({
      ...input,
      live: Array.from({ length: input.slots }, emptySlot),
      generation: 0,
      restarts: 0,
      history: [],
      lastEnd: null,
    }),
    initial: 'supervising',
    on: {
      'op.stop': '.stopping',
      'instance.alive': { actions: ['markUp', 'delegateListeners'] },
    },
    states: {
      supervising: {
        entry: 'startAll',
        initial: 'starting',
        on: {
          'slot.start': { actions: 'startSlot' },
          'xstate.done.actor.*': { actions: ['planRestart', 'bury', 'logEnd'] },
          'xstate.error.actor.*': { actions: ['planRestart', 'bury', 'logEnd'] },
          'intensity.exceeded': 'gaveUp',
        },
        states: {
          starting: { always: { guard: 'isEverySlotUp', target: 'steady' } },
          steady: { entry: 'announceUp', always: { guard: 'isSomeSlotDown', target: 'restarting' } },
          restarting: { always: { guard: 'isEverySlotUp', target: 'steady' } },
        },
      },
      gaveUp: {
        description: 'Too many crashes in a period; instances that still live go on.',
        entry: 'announceGaveUp',
        exit: 'forgetCrashes',
        on: {
          'xstate.done.actor.*': { actions: ['bury', 'logEnd'] },
          'xstate.error.actor.*': { actions: ['bury', 'logEnd'] },
          'slot.start': {},
        },
        after: { REVIVAL: 'supervising' },
      },
      stopping: {
        entry: 'drainAll',
        on: {
          'op.stop': {},
          'op.kill': { actions: 'killAll' },
          'slot.start': {},
          'xstate.done.actor.*': { actions: ['bury', 'logEnd'] },
          'xstate.error.actor.*': { actions: ['bury', 'logEnd'] },
        },
        always: { guard: 'isNoneLive', target: 'stopped' },
      },
      stopped: { type: 'final' },
    },
  })
