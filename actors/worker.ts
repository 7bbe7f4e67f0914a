/**
 * The worker chart: one per service, in each instance.
 *
 *            load.high               limit.exceeded
 *   accepting ------> saturated ------------------> degraded
 *       ^  <------ load.low |                           |
 *       |                                limit.recovered (back to saturated while full)
 *   op.drain from each -> draining -- no connections left, or DRAIN_TIMEOUT --> stopped
 *
 * Entry actions set the mode of the ledger, and the accept path reads the ledger only. So every refusal follows from a state.
 */

import { type ActorRefFrom, sendTo, setup } from 'xstate'
import { type LedgerContext, type LoadEvent, ledgerLogic, lowWaterMark } from './ledger.ts'

export interface WorkerInput {
  readonly maxConnections: number
  readonly drainTimeoutMs: number
}

export type WorkerEvent =
  | LoadEvent
  | { readonly type: 'limit.exceeded'; readonly reasons: readonly string[] }
  | { readonly type: 'limit.recovered' }
  | { readonly type: 'op.drain' }

export interface WorkerContext extends WorkerInput {
  readonly ledger: ActorRefFrom<typeof ledgerLogic>
}

const ledgerOf = (context: WorkerContext): LedgerContext => context.ledger.getSnapshot().context
const toLedger = ({ context }: { readonly context: WorkerContext }) => context.ledger

export const workerMachine = setup({
  types: {
    input: {} as WorkerInput,
    context: {} as WorkerContext,
    events: {} as WorkerEvent,
  },
  actors: { ledger: ledgerLogic },
  actions: {
    admit: sendTo(toLedger, { type: 'mode', mode: 'admit' }),
    refuse: sendTo(toLedger, { type: 'mode', mode: 'refuse' }),
    refuseForGood: sendTo(toLedger, { type: 'mode', mode: 'drain' }),
    /** Supplied by the instance: reports the entered state and its event to main. */
    report: (_, _params: { readonly state: string }) => {},
    /**
     * Supplied by the instance: connections close after their exchange, idle upstream connections are
     * dropped.
     */
    restrain: () => {},
    /** Supplied by the instance: connections are kept alive again. */
    release: () => {},
    /** Supplied by the instance: no new requests on open connections. */
    endKeepAlive: () => {},
    /** Supplied by the instance: closes all connections that are still open. */
    cutOff: () => {},
  },
  guards: {
    isFull: ({ context }) => ledgerOf(context).active >= ledgerOf(context).high,
    hasNoConnections: ({ context }) => ledgerOf(context).active === 0,
  },
  delays: {
    DRAIN_TIMEOUT: ({ context }) => context.drainTimeoutMs,
  },
}).createMachine({
  id: 'worker',
  options: { maxIterations: 1000 },
  context: ({ input, spawn }) => ({
    ...input,
    ledger: spawn('ledger', {
      id: 'ledger',
      input: { high: input.maxConnections, low: lowWaterMark(input.maxConnections) },
    }),
  }),
  initial: 'accepting',
  on: { 'op.drain': '.draining' },
  states: {
    accepting: {
      description: 'New connections are admitted.',
      entry: ['admit', { type: 'report', params: { state: 'accepting' } }],
      on: { 'load.high': 'saturated', 'limit.exceeded': 'degraded' },
    },
    saturated: {
      description: 'max_connections is reached; new connections are refused.',
      entry: ['refuse', { type: 'report', params: { state: 'saturated' } }],
      on: { 'load.low': 'accepting', 'limit.exceeded': 'degraded' },
    },
    degraded: {
      description:
        'Memory or CPU above its limit; new connections are refused, others end after their exchange.',
      entry: ['refuse', 'restrain', { type: 'report', params: { state: 'degraded' } }],
      exit: 'release',
      on: {
        'limit.recovered': [{ guard: 'isFull', target: 'saturated' }, { target: 'accepting' }],
        'load.low': {},
      },
    },
    draining: {
      description: 'Running exchanges finish, nothing new is admitted.',
      entry: ['refuseForGood', 'endKeepAlive', { type: 'report', params: { state: 'draining' } }],
      on: { 'load.zero': 'stopped', 'op.drain': {} },
      always: { guard: 'hasNoConnections', target: 'stopped' },
      after: { DRAIN_TIMEOUT: { actions: 'cutOff', target: 'stopped' } },
    },
    stopped: { type: 'final', entry: { type: 'report', params: { state: 'stopped' } } },
  },
})
