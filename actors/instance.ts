import { assign, fromCallback, sendParent, sendTo, setup } from 'xstate'

/**
 * The instance chart: one incarnation of a worker, for example `reverse_proxy#3`. It lives in main; its carrier is the
 * thread (later: process, in-thread) in which the worker runs.
 *
 *   starting -- thread.ready --> alive -- op.drain --> draining -- thread.exit --> gone
 *      |                          |  |-- thread.failed --> failing ------,
 *      |                          |  |-- thread.stuck, memory.overgrown ---> stuck, overgrown --> killing
 *      |                          |  '-- thread.closing --> closing --,
 *      '------- thread.exit ------'------------- thread.exit, not orderly ----> crashed
 *
 * Both ends are final; the supervisor reads the output and decides what follows. An instance that is failing, stuck,
 * overgrown or closing is lost already: the supervisor hears of it at once (`instance.lost`) and need not wait for its end.
 */
export type EndReason =
  | 'drained'
  | 'recycled'
  | 'threw'
  | 'exited'
  | 'outOfMemory'
  | 'stuck'
  | 'killed'
  | 'startTimeout'

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

export type Intent = 'none' | 'drain' | 'recycle' | 'stuck' | 'outOfMemory' | 'kill' | 'startTimeout'

export interface InstanceContext extends InstanceInput {
  readonly intent: Intent
  readonly exit: CarrierExit | null
  /** What it said of its own failure, before its end. */
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
  /** Its sockets are closed already; what remains is clearing up, and then `thread.exit` says why. */
  | { readonly type: 'thread.closing' }
  | { readonly type: 'thread.stuck' }
  /** It is over its memory limit and will not end by itself. */
  | { readonly type: 'memory.overgrown' }
  | ({ readonly type: 'thread.exit' } & CarrierExit)
  | { readonly type: 'op.drain' }
  /** As op.drain, because a successor has taken over. */
  | { readonly type: 'op.retire' }
  | { readonly type: 'op.kill' }

export type CarrierCommand = { readonly type: 'drain' } | { readonly type: 'kill' }

/** Why an instance ended: what was intended for it first, then what its carrier saw. */
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
    /** The instance has the deadline itself; this is for one that does not keep it. */
    DRAIN_OVERDUE: ({ context }) => context.drainTimeoutMs + 1000,
    /** A failing instance ends itself after its running exchanges had a short grace. */
    FAIL_OVERDUE: 3_000,
    /** Main must listen before a stuck or overgrown instance, which cannot give its sockets back, is ended. */
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
          description: 'A successor serves; what still runs here finishes.',
          entry: 'tellDrain',
          on: { 'op.drain': {}, 'thread.failed': { actions: 'recordFailure' } },
          after: { DRAIN_OVERDUE: { actions: 'intendKill', target: 'killing' } },
        },
        failing: {
          description: 'It failed, has given its listening sockets back and ends by itself.',
          entry: ['recordFailure', { type: 'announceLost', params: { isListening: false } }],
          after: { FAIL_OVERDUE: 'killing' },
        },
        closing: {
          description: 'It is ending, and its listening sockets are gone.',
          entry: { type: 'announceLost', params: { isListening: true } },
        },
        stuck: {
          description: 'Its event loop does not turn any more.',
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
    gone: { type: 'final', description: 'Ended as it was told to.' },
    crashed: { type: 'final', description: 'Ended by itself, or had to be killed.' },
  },
  output: ({ context }) => ({
    id: context.id,
    slot: context.slot,
    reason: classifyEnd(context.intent, context.exit ?? noExit, context.failure),
    message: context.failure ?? context.exit?.message ?? `exit code ${context.exit?.exitCode ?? 0}`,
  }),
})
