/**
 * The daemon chart, root of the main thread. All listeners and parts are bound first, then workers start. If anything cannot be
 * bound, the daemon fails before a worker runs.
 *
 *   booting { binding -> starting } -> running -- op.stop --> draining -- all stopped, or deadline --> stopped
 *                 '-- a part failed --> failed
 */

import { type ActorRefFrom, assign, type DoneActorEvent, fromCallback, setup } from 'xstate'
import { listenerId, supervisorId } from './ids.ts'
import { listenerMachine } from './listener.ts'
import type { RestartPolicy } from './restart-policy.ts'
import { supervisorMachine } from './supervisor.ts'

export interface WorkerSpec {
  readonly name: string
  readonly slots: number
  readonly listeners: readonly (readonly string[])[]
}

export interface DaemonInput {
  readonly workers: readonly WorkerSpec[]
  /** Parts of main that must be up before workers start: `admin`, `demo_upstream`. */
  readonly parts: readonly string[]
  readonly policy: RestartPolicy
  readonly startTimeoutMs: number
  readonly drainTimeoutMs: number
  readonly now: () => number
  readonly random: () => number
}

export interface PartFailure {
  readonly part: string
  readonly error: unknown
}

export interface DaemonContext extends DaemonInput {
  readonly supervisors: readonly ActorRefFrom<typeof supervisorMachine>[]
  readonly listenerRefs: readonly ActorRefFrom<typeof listenerMachine>[]
  readonly waitingFor: readonly string[]
  readonly failures: readonly PartFailure[]
}

export interface DaemonOutput {
  readonly failures: readonly PartFailure[]
}

export type DaemonEvent =
  | { readonly type: 'part.ready'; readonly part: string }
  | { readonly type: 'part.failed'; readonly part: string; readonly error: unknown }
  | { readonly type: 'worker.up'; readonly worker: string }
  | { readonly type: 'worker.gaveUp'; readonly worker: string }
  | { readonly type: 'op.stop' }
  | DoneActorEvent<unknown, string>

const listenerKeys = (context: DaemonInput) => context.workers.flatMap((worker) => worker.listeners.flat())

/** The name of the part, worker or ended child that an event concerns. */
function subjectOf(event: DaemonEvent): string {
  if ('part' in event) return event.part
  if ('worker' in event) return event.worker
  return 'actorId' in event ? event.actorId : ''
}

const daemonSetup = setup({
  types: {
    input: {} as DaemonInput,
    context: {} as DaemonContext,
    events: {} as DaemonEvent,
    output: {} as DaemonOutput,
  },
  actors: {
    listener: listenerMachine,
    supervisor: supervisorMachine,
    /** Supplied by src: admin server and demo upstream; each reports `part.ready` or `part.failed`. */
    parts: fromCallback<{ type: 'none' }, { readonly parts: readonly string[] }>(() => {}),
  },
  guards: {
    hasNothingToWaitFor: ({ context }) => context.waitingFor.length === 0,
    hasFailed: ({ context }) => context.waitingFor.length === 0 && context.failures.length > 0,
  },
  delays: {
    /** Instances keep the drain deadline themselves. This limit catches one that does not. */
    DRAIN_OVERDUE: ({ context }) => context.drainTimeoutMs + 2_000,
    /** One Ctrl+C in a terminal arrives twice: npm and the daemon both get it, and npm forwards it. */
    SIGNAL_ECHO: 1_000,
    KILL_OVERDUE: 2_000,
  },
})

const bindListeners = daemonSetup.assign(({ context, spawn }) => ({
  waitingFor: [...listenerKeys(context), ...context.parts],
  listenerRefs: listenerKeys(context).map((key) =>
    spawn('listener', { id: listenerId(key), systemId: listenerId(key), input: { key } }),
  ),
}))

const startSupervisors = daemonSetup.assign(({ context, spawn }) => ({
  waitingFor: context.workers.map((worker) => worker.name),
  supervisors: context.workers.map(({ name, slots, listeners }) =>
    spawn('supervisor', {
      id: supervisorId(name),
      systemId: supervisorId(name),
      input: {
        worker: name,
        slots,
        listeners,
        policy: context.policy,
        startTimeoutMs: context.startTimeoutMs,
        drainTimeoutMs: context.drainTimeoutMs,
        now: context.now,
        random: context.random,
      },
    }),
  ),
}))

const closeListeners = daemonSetup.enqueueActions(({ context, enqueue }) => {
  for (const ref of context.listenerRefs) enqueue.sendTo(ref, { type: 'listener.close' })
})

/** Stops workers in the reverse order of their start. */
const stopWorkers = daemonSetup.enqueueActions(({ context, enqueue }) => {
  for (const ref of context.supervisors.toReversed()) enqueue.sendTo(ref, { type: 'op.stop' })
})

const killWorkers = daemonSetup.enqueueActions(({ context, enqueue }) => {
  for (const ref of context.supervisors) {
    if (ref.getSnapshot().status === 'active') enqueue.sendTo(ref, { type: 'op.kill' })
  }
})

export const daemonMachine = daemonSetup
  .extend({
    actions: {
      bindListeners,
      startSupervisors,
      closeListeners,
      stopWorkers,
      killWorkers,
      settle: assign({
        waitingFor: ({ context, event }) => context.waitingFor.filter((name) => name !== subjectOf(event)),
      }),
      recordFailure: assign({
        failures: ({ context, event }) =>
          event.type === 'part.failed'
            ? [...context.failures, { part: event.part, error: event.error }]
            : context.failures,
      }),
      awaitStops: assign({
        waitingFor: ({ context }) => context.supervisors.map((ref) => ref.id),
      }),
      /** Supplied by src: reports that the daemon is up. */
      announceRunning: () => {},
    },
  })
  .createMachine({
    id: 'daemon',
    options: { maxIterations: 1000 },
    context: ({ input }) => ({ ...input, supervisors: [], listenerRefs: [], waitingFor: [], failures: [] }),
    invoke: { id: 'parts', src: 'parts', input: ({ context }) => ({ parts: context.parts }) },
    initial: 'booting',
    states: {
      booting: {
        initial: 'binding',
        on: { 'op.stop': 'draining' },
        states: {
          binding: {
            entry: 'bindListeners',
            on: {
              'part.ready': { actions: 'settle' },
              'part.failed': { actions: ['recordFailure', 'settle'] },
            },
            always: [
              { guard: 'hasFailed', target: '#daemon.failed' },
              { guard: 'hasNothingToWaitFor', target: 'starting' },
            ],
          },
          starting: {
            entry: 'startSupervisors',
            on: { 'worker.up': { actions: 'settle' }, 'worker.gaveUp': { actions: 'settle' } },
            always: { guard: 'hasNothingToWaitFor', target: '#daemon.running' },
          },
        },
      },
      running: {
        entry: 'announceRunning',
        on: { 'op.stop': 'draining', 'worker.up': {}, 'worker.gaveUp': {} },
      },
      draining: {
        entry: ['awaitStops', 'closeListeners', 'stopWorkers'],
        initial: 'settling',
        on: { 'xstate.done.actor.*': { actions: 'settle' } },
        always: { guard: 'hasNothingToWaitFor', target: 'stopped' },
        after: { DRAIN_OVERDUE: '.forcing' },
        states: {
          settling: { after: { SIGNAL_ECHO: 'armed' }, on: { 'op.stop': {} } },
          armed: { description: 'Another signal ends it at once.', on: { 'op.stop': 'forcing' } },
          forcing: { entry: 'killWorkers', after: { KILL_OVERDUE: '#daemon.stopped' } },
        },
      },
      failed: { type: 'final', entry: 'closeListeners' },
      stopped: { type: 'final' },
    },
    output: ({ context }) => ({ failures: context.failures }),
  })
