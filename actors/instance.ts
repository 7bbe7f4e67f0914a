import { assign, fromCallback, sendParent, sendTo, setup } from 'xstate'

/**
 * The instance chart: one incarnation of a worker, for example `reverse_proxy#3`. It lives in main; its carrier is the
 * thread (later: process, in-thread) in which the worker runs.
 *
 *   starting -- thread.ready --> alive -- op.drain --> draining -- thread.exit --> gone
 *      |                           |  '- thread.stuck -> stuck (killed)                |
 *      '--------- thread.exit -----'------------ thread.exit, not orderly ----> crashed
 *
 * Both ends are final; the supervisor reads the output and decides what follows.
 */
export type EndReason = 'drained' | 'threw' | 'exited' | 'outOfMemory' | 'stuck' | 'killed' | 'startTimeout'

/** What a carrier knows about its end. */
export interface CarrierExit {
  readonly exitCode: number
  /** Code of the error that ended it, when there was one. */
  readonly errorCode?: string
  /** Text of the error that ended it, for the log. */
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
  /** Aborted when the incarnation is over, whatever ended it. */
  readonly signal: AbortSignal
}

type Intent = 'none' | 'drain' | 'stuck' | 'kill' | 'startTimeout'

interface InstanceContext extends InstanceInput {
  readonly intent: Intent
  readonly exit: CarrierExit | null
}

export interface InstanceOutput {
  readonly id: string
  readonly slot: number
  readonly reason: EndReason
  readonly message: string
}

export type InstanceEvent =
  | { readonly type: 'thread.ready' }
  | { readonly type: 'thread.stuck' }
  | ({ readonly type: 'thread.exit' } & CarrierExit)
  | { readonly type: 'op.drain' }
  | { readonly type: 'op.kill' }

export type CarrierCommand = { readonly type: 'drain' } | { readonly type: 'kill' }

/** Why an instance ended: what was intended for it first, then what its carrier saw. */
export function classifyEnd(intent: Intent, exit: CarrierExit): EndReason {
  if (intent === 'stuck' || intent === 'startTimeout') return intent
  if (intent === 'kill') return 'killed'
  if (exit.errorCode === 'ERR_WORKER_OUT_OF_MEMORY') return 'outOfMemory'
  if (exit.message !== undefined) return 'threw'
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
    intendDrain: assign({ intent: 'drain' }),
    intendKill: assign({ intent: 'kill' }),
    noteStuck: assign({ intent: 'stuck' }),
    noteStartTimeout: assign({ intent: 'startTimeout' }),
    tellDrain: sendTo('carrier', { type: 'drain' }),
    tellKill: sendTo('carrier', { type: 'kill' }),
    announceAlive: sendParent(({ context }) => ({
      type: 'instance.alive',
      id: context.id,
      slot: context.slot,
    })),
  },
  guards: {
    isOrderly: ({ context, event }) =>
      context.intent === 'drain' && event.type === 'thread.exit' && event.exitCode === 0,
  },
  delays: {
    START_TIMEOUT: ({ context }) => context.startTimeoutMs,
    /** The instance has the deadline itself; this is for one that does not keep it. */
    DRAIN_OVERDUE: ({ context }) => context.drainTimeoutMs + 1000,
  },
}).createMachine({
  id: 'instance',
  options: { maxIterations: 1000 },
  context: ({ input }) => ({ ...input, intent: 'none', exit: null }),
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
      },
      states: {
        starting: {
          on: { 'thread.ready': 'alive', 'op.drain': { actions: 'intendDrain', target: 'killing' } },
          after: { START_TIMEOUT: { actions: 'noteStartTimeout', target: 'killing' } },
        },
        alive: {
          entry: 'announceAlive',
          on: { 'op.drain': 'draining', 'thread.stuck': { actions: 'noteStuck', target: 'killing' } },
        },
        draining: {
          entry: ['intendDrain', 'tellDrain'],
          after: { DRAIN_OVERDUE: { actions: 'intendKill', target: 'killing' } },
        },
        killing: { entry: 'tellKill' },
      },
    },
    gone: { type: 'final', description: 'Ended as it was told to.' },
    crashed: { type: 'final', description: 'Ended by itself, or had to be killed.' },
  },
  output: ({ context }) => ({
    id: context.id,
    slot: context.slot,
    reason: classifyEnd(context.intent, context.exit ?? noExit),
    message: context.exit?.message ?? `exit code ${context.exit?.exitCode ?? 0}`,
  }),
})
