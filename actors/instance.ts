/**
 * The instance chart: one incarnation of a worker, such as `reverse_proxy#3`. The chart lives in main; its carrier is the
 * thread, process or part of main in which the incarnation runs.
 *
 *   running { starting -- thread.ready --> alive -- op.drain --> draining
 *                                            |-- op.retire --> retiring: a successor serves already
 *                                            |-- thread.failed --> failing (also from starting)
 *                                            |-- thread.stuck --> stuck      memory.overgrown --> overgrown
 *                                            '-- thread.closing --> closing
 *             any of these -- op.kill, or its deadline --> killing }
 *   running -- thread.exit --> gone, after op.drain or op.retire with exit code 0; otherwise crashed
 *
 * gone and crashed are final; the supervisor reads the output and decides what follows. A failing, stuck, overgrown or closing
 * instance counts as lost: the supervisor gets `instance.lost` at once and need not wait for the end.
 */

import { assign, fromCallback, sendParent, sendTo, setup } from 'xstate'

export type EndReason =
  | 'drained'
  | 'recycled'
  | 'threw'
  | 'exited'
  | 'outOfMemory'
  | 'stuck'
  | 'killed'
  | 'startTimeout'

/** How a carrier ended. */
export interface CarrierExit {
  readonly exitCode: number
  /** Code of the error that ended it, if any. */
  readonly errorCode?: string
  /** Text of the error that ended it, if any, for the log. */
  readonly message?: string
}

export interface InstanceInput {
  /** Worker name and generation: `reverse_proxy#3`. */
  readonly id: string
  readonly worker: string
  readonly slot: number
  readonly generation: number
  readonly startTimeoutMs: number
  readonly drainTimeoutMs: number
  /** Aborted when the incarnation is over, however it ended. */
  readonly signal: AbortSignal
}

export type Intent = 'none' | 'drain' | 'recycle' | 'stuck' | 'outOfMemory' | 'kill' | 'startTimeout'

export interface InstanceContext extends InstanceInput {
  readonly intent: Intent
  readonly exit: CarrierExit | null
  /** The failure that the instance reported before its end. */
  readonly failure: string | null
}

export interface InstanceOutput {
  readonly id: string
  readonly slot: number
  readonly reason: EndReason
  readonly message: string
}

export type InstanceEvent =
  | { readonly type: 'thread.ready' }
  | { readonly type: 'thread.failed'; readonly message: string }
  /** Its sockets are already closed; `thread.exit` follows with the reason. */
  | { readonly type: 'thread.closing' }
  | { readonly type: 'thread.stuck' }
  /** It is over its memory limit and will not end without help. */
  | { readonly type: 'memory.overgrown' }
  | ({ readonly type: 'thread.exit' } & CarrierExit)
  | { readonly type: 'op.drain' }
  /** Like op.drain, after a successor has taken over. */
  | { readonly type: 'op.retire' }
  | { readonly type: 'op.kill' }

export type CarrierCommand = { readonly type: 'drain' } | { readonly type: 'kill' }

/** Why an instance ended: the intent counts first, then the exit of its carrier. */
export function classifyEnd(intent: Intent, exit: CarrierExit, failure: string | null = null): EndReason {
  if (intent === 'stuck' || intent === 'outOfMemory' || intent === 'startTimeout') return intent
  if (failure !== null) return 'threw'
  if (intent === 'kill') return 'killed'
  if (exit.errorCode === 'ERR_WORKER_OUT_OF_MEMORY') return 'outOfMemory'
  if (exit.message !== undefined) return exit.errorCode === 'TERMINATED' ? 'killed' : 'threw'
  if (intent === 'recycle' && exit.exitCode === 0) return 'recycled'
  if (intent === 'drain' && exit.exitCode === 0) return 'drained'
  return exit.errorCode === 'TERMINATED' ? 'killed' : 'exited'
}

const noExit: CarrierExit = { exitCode: 0 }

export const instanceMachine = setup({
  types: {
    input: {} as InstanceInput,
    context: {} as InstanceContext,
    events: {} as InstanceEvent,
    output: {} as InstanceOutput,
  },
  actors: {
    /** Supplied by src/supervise: starts the incarnation and reports `thread.*`. */
    carrier: fromCallback<CarrierCommand, InstanceInput>(() => {}),
  },
  actions: {
    recordExit: assign({ exit: ({ event }) => (event.type === 'thread.exit' ? event : noExit) }),
    recordFailure: assign({
      failure: ({ event }) => (event.type === 'thread.failed' ? event.message : null),
    }),
    intendDrain: assign({ intent: 'drain' }),
    intendRecycle: assign({ intent: 'recycle' }),
    intendKill: assign({ intent: 'kill' }),
    noteStuck: assign({ intent: 'stuck' }),
    noteOutOfMemory: assign({ intent: 'outOfMemory' }),
    noteStartTimeout: assign({ intent: 'startTimeout' }),
    tellDrain: sendTo('carrier', { type: 'drain' }),
    tellKill: sendTo('carrier', { type: 'kill' }),
    announceLost: sendParent(({ context }, { isListening }: { readonly isListening: boolean }) => ({
      type: 'instance.lost',
      id: context.id,
      slot: context.slot,
      isListening,
    })),
    announceAlive: sendParent(({ context }) => ({
      type: 'instance.alive',
      id: context.id,
      slot: context.slot,
    })),
  },
  guards: {
    isOrderly: ({ context, event }) =>
      (context.intent === 'drain' || context.intent === 'recycle') &&
      event.type === 'thread.exit' &&
      event.exitCode === 0,
  },
  delays: {
    START_TIMEOUT: ({ context }) => context.startTimeoutMs,
    /** The instance keeps the deadline itself. This limit catches one that does not. */
    DRAIN_OVERDUE: ({ context }) => context.drainTimeoutMs + 1000,
    /** A failing instance ends itself after a short grace for its running exchanges. */
    FAIL_OVERDUE: 3_000,
    /**
     * A stuck or overgrown instance cannot give its sockets back, so main must listen before it is killed.
     */
    LISTEN_FIRST: 100,
  },
}).createMachine({
  id: 'instance',
  options: { maxIterations: 1000 },
  context: ({ input }) => ({ ...input, intent: 'none', exit: null, failure: null }),
  initial: 'running',
  states: {
    running: {
      invoke: { id: 'carrier', src: 'carrier', input: ({ context }) => context },
      initial: 'starting',
      on: {
        'thread.exit': [
          { guard: 'isOrderly', actions: 'recordExit', target: 'gone' },
          { actions: 'recordExit', target: 'crashed' },
        ],
        'op.kill': { actions: 'intendKill', target: '.killing' },
        'memory.overgrown': { actions: 'noteOutOfMemory', target: '.killing' },
      },
      states: {
        starting: {
          on: {
            'thread.ready': 'alive',
            'thread.failed': 'failing',
            'op.drain': { actions: 'intendDrain', target: 'killing' },
          },
          after: { START_TIMEOUT: { actions: 'noteStartTimeout', target: 'killing' } },
        },
        alive: {
          entry: 'announceAlive',
          on: {
            'op.drain': 'draining',
            'op.retire': { actions: 'intendRecycle', target: 'retiring' },
            'thread.failed': 'failing',
            'thread.stuck': 'stuck',
            'memory.overgrown': 'overgrown',
            'thread.closing': 'closing',
          },
        },
        draining: {
          entry: ['intendDrain', 'tellDrain'],
          on: { 'thread.failed': { actions: 'recordFailure' } },
          after: { DRAIN_OVERDUE: { actions: 'intendKill', target: 'killing' } },
        },
        retiring: {
          description: 'A successor serves; running exchanges finish here.',
          entry: 'tellDrain',
          on: { 'op.drain': {}, 'thread.failed': { actions: 'recordFailure' } },
          after: { DRAIN_OVERDUE: { actions: 'intendKill', target: 'killing' } },
        },
        failing: {
          description: 'It failed, has given its listening sockets back and is ending.',
          entry: ['recordFailure', { type: 'announceLost', params: { isListening: false } }],
          after: { FAIL_OVERDUE: 'killing' },
        },
        closing: {
          description: 'It is ending, and its listening sockets are gone.',
          entry: { type: 'announceLost', params: { isListening: true } },
        },
        stuck: {
          description: 'Its event loop has stopped turning.',
          entry: ['noteStuck', { type: 'announceLost', params: { isListening: true } }],
          after: { LISTEN_FIRST: 'killing' },
        },
        overgrown: {
          description: 'Its memory is beyond its limit and goes on growing.',
          entry: ['noteOutOfMemory', { type: 'announceLost', params: { isListening: true } }],
          after: { LISTEN_FIRST: 'killing' },
        },
        killing: { entry: 'tellKill' },
      },
    },
    gone: { type: 'final', description: 'Ended as planned.' },
    crashed: { type: 'final', description: 'Ended unexpectedly, or was killed.' },
  },
  output: ({ context }) => ({
    id: context.id,
    slot: context.slot,
    reason: classifyEnd(context.intent, context.exit ?? noExit, context.failure),
    message: context.failure ?? context.exit?.message ?? `exit code ${context.exit?.exitCode ?? 0}`,
  }),
})
