import { assign, sendParent } from 'xstate'
import { instanceId, listenerId } from './ids.ts'
import { backoffMs, isIntensityExceeded, withCrash } from './restart-policy.ts'
import { emptyRoster, everyone, find, rise, seat, strike, vacate } from './slots.ts'
import { endOf, type ListenerRef } from './supervisor-contract.ts'
import { resumeHolding, shareListeners, suspendListeners, tellListeners } from './supervisor-listeners.ts'
import { isMeant, supervisorSetup } from './supervisor-setup.ts'

/**
 * The supervisor chart: one per worker, one_for_one over its instances (OTP). It starts them, restarts what ends
 * without being told to, with back-off, and gives up after too many crashes in a period, to try again much later.
 * The supervisors of other workers never notice.
 *
 *   supervising { starting -> steady <-> restarting } -- intensity exceeded --> gaveUp -- REVIVAL --> supervising
 *        '---------------- op.stop ----------------> stopping -- last instance ended --> stopped
 *
 * An operator may take it out of service and put it back: op.drain -> draining -- last instance ended --> drained,
 * where nobody listens; op.restart brings it back, also from gaveUp, and replaces every instance at once while it runs.
 *
 * While it has given up, living instances take over the listeners of the slots that are empty: nothing waits for an instance that
 * does not come. If none lives, main refuses what connects.
 *
 * A planned replacement (op.recycle) starts the successor first; when that is alive it gets the listeners, and the old
 * one retires.
 */

const startAll = supervisorSetup.enqueueActions(({ context, enqueue }) => {
  for (const [slot, { current }] of context.roster.slots.entries()) {
    if (current === null) enqueue.raise({ type: 'slot.start', slot })
  }
})

/** `slot.start` fills an empty slot; `slot.succeed` starts the successor of the incarnation that is in it. */
const startSlot = supervisorSetup.assign(({ context, event, spawn }) => {
  if (event.type !== 'slot.start' && event.type !== 'slot.succeed') return {}
  const slot = context.roster.slots[event.slot]
  const isWanted = event.type === 'slot.start' ? slot?.current === null : slot?.current && slot.next === null
  if (!isWanted) return {}
  const generation = context.generation + 1
  const id = instanceId(context.worker, generation)
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
  return { generation, roster: seat(context.roster, event.slot, { id, ref, scope }) }
})

const startSuccessors = supervisorSetup.enqueueActions(({ context, event, enqueue }) => {
  if (event.type !== 'op.recycle') return
  for (const [at, slot] of context.roster.slots.entries()) {
    if (slot.isUp && isMeant(event, slot)) enqueue.raise({ type: 'slot.succeed', slot: at })
  }
})

/** The new one gets the listeners first; whom it replaces retires after that, with nothing left to accept from. */
const welcome = supervisorSetup.enqueueActions(({ context, event, enqueue, system }) => {
  if (event.type !== 'instance.alive') return
  const former = context.roster.slots[event.slot]?.current
  enqueue.assign({ roster: rise(context.roster, event.id) })
  for (const key of context.listeners[event.slot] ?? []) {
    const listener = system.get(listenerId(key)) as ListenerRef | undefined
    if (listener) enqueue.sendTo(listener, { type: 'listener.delegate', instance: event.id })
  }
  if (former && former.id !== event.id) enqueue.sendTo(former.ref, { type: 'op.retire' })
})

/** Takes a lost incarnation out of its slot, so that its replacement need not wait for its end. */
const letGo = supervisorSetup.enqueueActions(({ context, event, enqueue, system }) => {
  if (event.type !== 'instance.lost') return
  if (event.isListening) {
    tellListeners({ context, system }, (listener) =>
      enqueue.sendTo(listener, { type: 'listener.ownerGone', instance: event.id }),
    )
  }
  enqueue.assign({ roster: vacate(context.roster, event.id) })
})

/** Buries an instance: whatever it owned is released, and its listeners are told that their owner is gone. */
const bury = supervisorSetup.enqueueActions(({ context, event, enqueue, system }) => {
  if (!('actorId' in event)) return
  const found = find(context.roster, event.actorId)
  if (found === null) return
  found.incarnation.scope.abort()
  enqueue.stopChild(event.actorId)
  tellListeners({ context, system }, (listener) =>
    enqueue.sendTo(listener, { type: 'listener.ownerGone', instance: event.actorId }),
  )
  enqueue.assign({ roster: strike(context.roster, event.actorId), lastEnd: endOf(event) })
})

/** Plans the restart of the slot that lost its incarnation. Runs before the roster forgets whose slot it was. */
const planRestart = supervisorSetup.enqueueActions(({ context, event, enqueue }) => {
  const id = 'actorId' in event ? event.actorId : 'id' in event ? event.id : undefined
  const slot = id === undefined ? -1 : (find(context.roster, id)?.at ?? -1)
  // Who is leaving was replaced when it left.
  if (slot < 0) return
  const history = withCrash(context.history, context.now(), context.policy)
  enqueue.assign({ history })
  if (isIntensityExceeded(history, context.policy)) {
    enqueue.raise({ type: 'intensity.exceeded' })
    return
  }
  enqueue.assign({ restarts: context.restarts + 1 })
  const delay = backoffMs(history, context.policy, context.random())
  enqueue.raise({ type: 'slot.start', slot }, { delay, id: `restart:${slot}:${context.restarts}` })
})

/** Ends every incarnation and starts another in its slot, which waits for no end. */
const replaceAll = supervisorSetup.enqueueActions(({ context, enqueue, system }) => {
  let { roster } = context
  for (const [slot, { current }] of context.roster.slots.entries()) {
    if (current !== null) {
      roster = vacate(roster, current.id)
      tellListeners({ context, system }, (listener) =>
        enqueue.sendTo(listener, { type: 'listener.ownerGone', instance: current.id }),
      )
      enqueue.sendTo(current.ref, { type: 'op.kill' })
    }
    enqueue.raise({ type: 'slot.start', slot })
  }
  enqueue.assign({ roster, history: [] })
})

const drainAll = supervisorSetup.enqueueActions(({ context, enqueue }) => {
  for (const { ref } of everyone(context.roster)) enqueue.sendTo(ref, { type: 'op.drain' })
})

const killAll = supervisorSetup.enqueueActions(({ context, enqueue }) => {
  for (const { ref } of everyone(context.roster)) enqueue.sendTo(ref, { type: 'op.kill' })
})

export const supervisorMachine = supervisorSetup
  .extend({
    actions: {
      startAll,
      startSlot,
      startSuccessors,
      welcome,
      shareListeners,
      resumeHolding,
      letGo,
      bury,
      planRestart,
      replaceAll,
      suspendListeners,
      countLimitChange: assign({ limitChanges: ({ context }) => context.limitChanges + 1 }),
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
      roster: emptyRoster(input.slots),
      generation: 0,
      restarts: 0,
      history: [],
      lastEnd: null,
      limitChanges: 0,
    }),
    initial: 'supervising',
    on: {
      'op.stop': '.stopping',
      'instance.alive': { actions: 'welcome' },
      'op.limits': { actions: 'countLimitChange' },
    },
    states: {
      supervising: {
        entry: 'startAll',
        initial: 'starting',
        on: {
          'slot.start': { actions: 'startSlot' },
          'slot.succeed': { actions: 'startSlot' },
          'op.recycle': { guard: 'isMeantUp', actions: 'startSuccessors' },
          'instance.lost': { actions: ['planRestart', 'letGo'] },
          'xstate.done.actor.*': { actions: ['planRestart', 'bury', 'logEnd'] },
          'xstate.error.actor.*': { actions: ['planRestart', 'bury', 'logEnd'] },
          'intensity.exceeded': 'gaveUp',
        },
        states: {
          starting: { always: { guard: 'isEverySlotUp', target: 'steady' } },
          steady: {
            entry: 'announceUp',
            on: { 'op.drain': '#supervisor.draining', 'op.restart': { actions: 'replaceAll' } },
            always: { guard: 'isSomeSlotDown', target: 'restarting' },
          },
          restarting: {
            on: { 'op.drain': '#supervisor.draining', 'op.restart': { actions: 'replaceAll' } },
            always: { guard: 'isEverySlotUp', target: 'steady' },
          },
        },
      },
      gaveUp: {
        description: 'Too many crashes in a period; instances that still live go on, with all listeners.',
        entry: ['announceGaveUp', 'shareListeners'],
        exit: ['forgetCrashes', 'resumeHolding'],
        on: {
          'instance.alive': { actions: ['welcome', 'shareListeners'] },
          'instance.lost': { actions: ['letGo', 'shareListeners'] },
          'xstate.done.actor.*': { actions: ['bury', 'logEnd', 'shareListeners'] },
          'xstate.error.actor.*': { actions: ['bury', 'logEnd', 'shareListeners'] },
          'slot.start': {},
          'op.drain': 'draining',
          'op.restart': 'supervising',
        },
        after: { REVIVAL: 'supervising' },
      },
      draining: {
        description: 'An operator takes it out of service: what runs finishes, nothing new is accepted.',
        entry: ['suspendListeners', 'drainAll'],
        on: {
          'instance.alive': {},
          'instance.lost': { actions: 'letGo' },
          'xstate.done.actor.*': { actions: ['bury', 'logEnd'] },
          'xstate.error.actor.*': { actions: ['bury', 'logEnd'] },
          'slot.start': {},
          'slot.succeed': {},
        },
        always: { guard: 'isNoneLive', target: 'drained' },
      },
      drained: {
        description: 'Out of service, by an operator; nobody listens.',
        exit: 'forgetCrashes',
        on: { 'op.restart': 'supervising', 'slot.start': {} },
      },
      stopping: {
        entry: 'drainAll',
        on: {
          'op.stop': {},
          'op.kill': { actions: 'killAll' },
          'slot.start': {},
          'instance.lost': { actions: 'letGo' },
          'xstate.done.actor.*': { actions: ['bury', 'logEnd'] },
          'xstate.error.actor.*': { actions: ['bury', 'logEnd'] },
        },
        always: { guard: 'isNoneLive', target: 'stopped' },
      },
      stopped: { type: 'final' },
    },
  })
