/**
 * The listener chart: one per address and slot. Main binds, so that an address in use is a clear error before anything runs. The
 * listening server then moves to an instance, which accepts without main. When that instance ends, main listens again at once and
 * holds accepted connections, unread, for the replacement.
 *
 *   binding -- ok --> bound -- delegate --> delegated -- owner gone --> rebinding -- ok --> holding --.
 *      |                                      ^  |  '-- returned (owner failed) ---------------^  |
 *      '-- failed --> failed                  |  '-- delegate to another --> recalling -- returned |
 *                                             '----------------------------------'--- delegate ---'
 *
 * From holding the server leaves through sparing while the second descriptor of its socket is being made: without a spare its
 * accept queue would be lost when the instance dies. If no instance will come (refuse), holding becomes refusing until the next
 * start (hold) or owner (delegate).
 *
 * suspend leads to suspended from every state: main does not listen until the next delegate.
 */

import { assign, fromPromise, sendParent, setup } from 'xstate'

export interface ListenerInput {
  readonly key: string
}

export interface ListenerContext extends ListenerInput {
  /** The instance that has the server or will get it. */
  readonly owner: string | null
  /** The instance that must give the server back for the owner. */
  readonly former: string | null
  /** Its worker gave up and starts no instances for now. */
  readonly isForsaken: boolean
  readonly failure: unknown
}

export type ListenerEvent =
  | { readonly type: 'listener.delegate'; readonly instance: string }
  | { readonly type: 'listener.ownerGone'; readonly instance: string }
  /** The server is back in main. */
  | { readonly type: 'listener.returned'; readonly instance: string }
  /** The server left main without a spare: it comes back for one and returns to its owner. */
  | { readonly type: 'listener.refresh' }
  /** No instance will take the held connections. */
  | { readonly type: 'listener.refuse' }
  /** An instance is being started again. */
  | { readonly type: 'listener.hold' }
  /** Its worker is taken out of service. */
  | { readonly type: 'listener.suspend' }
  | { readonly type: 'listener.close' }

export const listenerMachine = setup({
  types: {
    input: {} as ListenerInput,
    context: {} as ListenerContext,
    events: {} as ListenerEvent,
  },
  actors: {
    /** Supplied by src/supervise: listens, and holds accepted connections. */
    bind: fromPromise<void, { readonly key: string }>(async () => {}),
    /** Supplied by src/supervise: settles when the spare exists or cannot be made for now. */
    spare: fromPromise<void, { readonly key: string }>(async () => {}),
  },
  actions: {
    /** Supplied by src/supervise: moves the server and the held sockets to the instance. */
    moveServer: () => {},
    /** Supplied by src/supervise: asks the former owner for the server. */
    recallServer: () => {},
    /** Supplied by src/supervise: closes a server that came back although another one is already there. */
    dropServer: () => {},
    /** Supplied by src/supervise: answers held and new connections with a refusal. */
    refuseAll: () => {},
    /** Supplied by src/supervise: holds new connections again. */
    holdAgain: () => {},
    /** Supplied by src/supervise: closes the server and refuses held connections. */
    release: () => {},
    /** Supplied by src/supervise: like release, until the next bind. */
    suspend: () => {},
    setOwner: assign({
      owner: ({ event }) => (event.type === 'listener.delegate' ? event.instance : null),
      isForsaken: false,
    }),
    replaceOwner: assign({
      former: ({ context }) => context.owner,
      owner: ({ event }) => (event.type === 'listener.delegate' ? event.instance : null),
    }),
    recallOwner: assign({ former: ({ context }) => context.owner }),
    forsake: assign({ isForsaken: true }),
    unforsake: assign({ isForsaken: false }),
    clearFormer: assign({ former: null }),
    clearOwner: assign({ owner: null }),
    clearBoth: assign({ owner: null, former: null }),
    recordFailure: assign({ failure: ({ event }) => ('error' in event ? event.error : null) }),
    announceBound: sendParent(({ context }) => ({ type: 'part.ready', part: context.key })),
    announceFailed: sendParent(({ context }) => ({
      type: 'part.failed',
      part: context.key,
      error: context.failure,
    })),
  },
  guards: {
    isOwner: ({ context, event }) => 'instance' in event && event.instance === context.owner,
    hasOwner: ({ context }) => context.owner !== null,
    isFormer: ({ context, event }) => 'instance' in event && event.instance === context.former,
    isBoth: ({ context, event }) =>
      'instance' in event && event.instance === context.former && event.instance === context.owner,
    isForsaken: ({ context }) => context.isForsaken,
    hasOwnerAndSpare: ({ context }) => context.owner !== null,
  },
  delays: { RETRY: 50, RECALL_OVERDUE: 2_000 },
}).createMachine({
  id: 'listener',
  options: { maxIterations: 1000 },
  context: ({ input }) => ({ ...input, owner: null, former: null, isForsaken: false, failure: null }),
  initial: 'binding',
  on: {
    'listener.close': '.closed',
    'listener.suspend': '.suspended',
    'listener.delegate': { actions: 'setOwner' },
    'listener.ownerGone': { guard: 'isOwner', actions: 'clearOwner' },
    'listener.refuse': { actions: 'forsake' },
    'listener.hold': { actions: 'unforsake' },
  },
  states: {
    binding: {
      invoke: {
        src: 'bind',
        input: ({ context }) => ({ key: context.key }),
        onDone: { actions: 'announceBound', target: 'bound' },
        onError: { actions: ['recordFailure', 'announceFailed'], target: 'failed' },
      },
    },
    bound: {
      description: 'Main listens; no instance has asked for the server yet.',
      always: [
        { guard: 'hasOwner', target: 'holding' },
        { guard: 'isForsaken', target: 'refusing' },
      ],
    },
    sparing: {
      description: 'Main makes the second descriptor of the socket, and holds what it accepts meanwhile.',
      invoke: {
        src: 'spare',
        input: ({ context }) => ({ key: context.key }),
        onDone: 'delegated',
        onError: { actions: 'recordFailure', target: 'delegated' },
      },
      on: { 'listener.ownerGone': { guard: 'isOwner', actions: 'clearOwner', target: 'holding' } },
    },
    delegated: {
      description: 'The server is in an instance, which accepts without main.',
      entry: 'moveServer',
      on: {
        'listener.ownerGone': { guard: 'isOwner', actions: 'clearOwner', target: 'rebinding' },
        'listener.returned': [
          { guard: 'isOwner', actions: 'clearOwner', target: 'holding' },
          // Returned late, by an instance whose recall was overdue. In main this server would take
          // connections from the owner and never serve them.
          { actions: 'dropServer' },
        ],
        'listener.delegate': [{ guard: 'isOwner' }, { actions: 'replaceOwner', target: 'recalling' }],
        'listener.refresh': { actions: 'recallOwner', target: 'recalling' },
      },
    },
    recalling: {
      description: 'The former owner gives the server back, for its successor.',
      entry: 'recallServer',
      exit: 'clearFormer',
      on: {
        'listener.returned': { guard: 'isFormer', target: 'holding' },
        'listener.ownerGone': [
          { guard: 'isBoth', actions: 'clearOwner', target: 'rebinding' },
          { guard: 'isFormer', target: 'rebinding' },
          { guard: 'isOwner', actions: 'clearOwner' },
        ],
      },
      after: { RECALL_OVERDUE: 'rebinding' },
    },
    rebinding: {
      description: 'The server went with its instance; main listens again at once.',
      invoke: {
        src: 'bind',
        input: ({ context }) => ({ key: context.key }),
        onDone: 'holding',
        onError: { actions: 'recordFailure', target: 'retrying' },
      },
    },
    retrying: { after: { RETRY: 'rebinding' } },
    holding: {
      description: 'Main accepts and holds the connections, unread, for the replacement.',
      always: [
        { guard: 'hasOwnerAndSpare', target: 'delegated' },
        { guard: 'hasOwner', target: 'sparing' },
        { guard: 'isForsaken', target: 'refusing' },
      ],
    },
    refusing: {
      description: 'The worker gave up: main refuses connections instead of holding them.',
      entry: 'refuseAll',
      exit: 'holdAgain',
      on: { 'listener.hold': { actions: 'unforsake', target: 'holding' } },
      always: { guard: 'hasOwner', target: 'holding' },
    },
    suspended: {
      description: 'Nothing listens: the worker is out of service.',
      entry: ['clearBoth', 'suspend'],
      on: {
        'listener.delegate': { actions: 'setOwner', target: 'rebinding' },
        'listener.returned': { actions: 'dropServer' },
        'listener.suspend': {},
        'listener.refuse': {},
        'listener.hold': {},
      },
    },
    failed: { entry: 'release' },
    closed: { entry: 'release', on: { 'listener.suspend': {} } },
  },
})
