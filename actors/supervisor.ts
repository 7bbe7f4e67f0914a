/**
 * The supervisor chart: one per worker, one_for_one over its instances (OTP). It starts them and restarts, with back-off, those
 * that end unexpectedly. After too many crashes in a period it gives up and tries again much later. Other workers are not affected.
 *
 *   supervising { starting -> steady <-> restarting } -- intensity exceeded --> gaveUp -- REVIVAL --> supervising
 *        '---------------- op.stop ----------------> stopping -- last instance ended --> stopped
 *
 * op.drain takes a worker out of service: draining -- last instance ended --> drained, without listeners. op.restart brings it
 * back, also from gaveUp; in a running worker it replaces every instance at once.
 *
 * In gaveUp, living instances take over the listeners of empty slots, since their own instances do not come. If none lives, main
 * refuses connections. When the last instance ends without too many recent crashes, all are started
 * again. While instances start, the listeners of empty slots are lent in the same way after a second.
 *
 * op.recycle is a planned replacement: the successor starts first, gets the listeners when it is alive, and the old instance retires.
 */

import { assign, sendParent } from 'xstate'
import { instanceId, listenerId } from './ids.ts'
import { backoffMs, isIntensityExceeded, withCrash } from './restart-policy.ts'
import { emptyRoster, everyone, find, rise, seat, strike, vacate } from './slots.ts'
import { endOf, type ListenerRef } from './supervisor-contract.ts'
import {
  lendListeners,
  resumeHolding,
  shareListeners,
  suspendListeners,
  tellListeners,
} from './supervisor-listeners.ts'
import { isMeant, supervisorSetup } from './supervisor-setup.ts'

const startAll = supervisorSetup.enqueueActions(({ context, enqueue }) => {
  for (const [slot, { current }] of context.roster.slots.entries()) {
    if (current === null) enqueue.raise({ type: 'slot.start', slot })
  }
})

/** `slot.start` fills an empty slot; `slot.succeed` starts a successor for the current incarnation. */
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

/**
 * The new instance gets the listeners first. The one it replaces retires after that, when it no longer
 * accepts anything.
 */
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

/** Removes an instance that has ended: releases what it owned and notifies its listeners. */
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

const planLending = supervisorSetup.enqueueActions(({ context, enqueue }) => {
  if (context.roster.slots.length > 1)
    enqueue.raise({ type: 'slots.overdue' }, { delay: context.policy.lendAfterMs })
})

/** Plans the restart of the slot that lost its incarnation. Must run before the roster forgets the slot. */
const planRestart = supervisorSetup.enqueueActions(({ context, event, enqueue }) => {
  const id = 'actorId' in event ? event.actorId : 'id' in event ? event.id : undefined
  const slot = id === undefined ? -1 : (find(context.roster, id)?.at ?? -1)
  // A leaving incarnation was replaced when it left.
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
  enqueue(planLending)
})

/** Ends every incarnation and starts another one in its slot without waiting for the end. */
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
      planLending,
      lendListeners,
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
        entry: ['startAll', 'planLending'],
        initial: 'starting',
        on: {
          'slots.overdue': { actions: 'lendListeners' },
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
        description: 'Too many crashes in a period; surviving instances go on, with all listeners.',
        entry: ['announceGaveUp', 'shareListeners'],
        exit: ['forgetCrashes', 'resumeHolding'],
        on: {
          'instance.alive': { actions: ['welcome', 'shareListeners'] },
          'instance.lost': [
            { guard: 'isWorthAnother', actions: 'letGo', target: 'supervising' },
            { actions: ['letGo', 'shareListeners'] },
          ],
          'xstate.done.actor.*': [
            { guard: 'isWorthAnother', actions: ['bury', 'logEnd'], target: 'supervising' },
            { actions: ['bury', 'logEnd', 'shareListeners'] },
          ],
          'xstate.error.actor.*': [
            { guard: 'isWorthAnother', actions: ['bury', 'logEnd'], target: 'supervising' },
            { actions: ['bury', 'logEnd', 'shareListeners'] },
          ],
          'slot.start': {},
          'op.drain': 'draining',
          'op.restart': 'supervising',
        },
        after: { REVIVAL: 'supervising' },
      },
      draining: {
        description:
          'An operator takes it out of service: running exchanges finish, nothing new is accepted.',
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
        description: 'An operator took it out of service; nothing listens.',
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
