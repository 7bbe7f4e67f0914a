import { assign, fromPromise, sendParent, setup } from 'xstate'

/**
 * The listener chart: one per address and slot. Main binds, so that an address in use is a clear error before anything
 * runs; then the listening server itself is moved to an instance, which accepts without main. When that instance ends,
 * main listens again at once and holds what it accepts, unread, for the replacement.
 *
 *   binding -- ok --> bound -- delegate --> delegated -- owner gone --> rebinding -- ok --> holding --.
 *      |                                      ^  |  '-- returned (owner failed) ---------------^  |
 *      '-- failed --> failed                  |  '-- delegate to another --> recalling -- returned |
 *                                             '----------------------------------'--- delegate ---'
 *
 * suspend leads to suspended from wherever it is: nobody listens until the next delegate, which listens anew.
 */
export interface ListenerInput {
  readonly key: string
}

export interface ListenerContext extends ListenerInput {
  /** The instance that has the server, or is to get it. */
  readonly owner: string | null
  /** The instance that is to give the server back for the owner. */
  readonly former: string | null
  readonly failure: unknown
}

export type ListenerEvent =
  | { readonly type: 'listener.delegate'; readonly instance: string }
  | { readonly type: 'listener.ownerGone'; readonly instance: string }
  /** The server is back in main. */
  | { readonly type: 'listener.returned'; readonly instance: string }
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
    /** Supplied by src/supervise: listens, and holds what it accepts. */
    bind: fromPromise<void, { readonly key: string }>(async () => {}),
  },
  actions: {
    /** Supplied by src/supervise: moves the server and the held sockets to the instance. */
    moveServer: () => {},
    /** Supplied by src/supervise: asks the former owner for the server. */
    recallServer: () => {},
    /** Supplied by src/supervise: closes a server that came back when another was there already. */
    dropServer: () => {},
    /** Supplied by src/supervise: closes the server and answers what is held. */
    release: () => {},
    /** Supplied by src/supervise: as release, until the next bind. */
    suspend: () => {},
    setOwner: assign({
      owner: ({ event }) => (event.type === 'listener.delegate' ? event.instance : null),
    }),
    replaceOwner: assign({
      former: ({ context }) => context.owner,
      owner: ({ event }) => (event.type === 'listener.delegate' ? event.instance : null),
    }),
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
  },
  delays: { RETRY: 50, RECALL_OVERDUE: 2_000 },
}).createMachine({
  id: 'listener',
  options: { maxIterations: 1000 },
  context: ({ input }) => ({ ...input, owner: null, former: null, failure: null }),
  initial: 'binding',
  on: {
    'listener.close': '.closed',
    'listener.suspend': '.suspended',
    'listener.delegate': { actions: 'setOwner' },
    'listener.ownerGone': { guard: 'isOwner', actions: 'clearOwner' },
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
      description: 'Main listens; nobody has asked for the server yet.',
      always: { guard: 'hasOwner', target: 'delegated' },
    },
    delegated: {
      description: 'The server lives in an instance, which accepts by itself.',
      entry: 'moveServer',
      on: {
        'listener.ownerGone': { guard: 'isOwner', actions: 'clearOwner', target: 'rebinding' },
        'listener.returned': [
          { guard: 'isOwner', actions: 'clearOwner', target: 'holding' },
          // By one that was recalled and overdue: in main it would take connections from the owner, for nobody.
          { actions: 'dropServer' },
        ],
        'listener.delegate': { actions: 'replaceOwner', target: 'recalling' },
      },
    },
    recalling: {
      description: 'The former owner gives the server back, for its successor.',
      entry: 'recallServer',
      exit: 'clearFormer',
      on: {
        'listener.returned': { guard: 'isFormer', target: 'holding' },
        'listener.ownerGone': [
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
      always: { guard: 'hasOwner', target: 'delegated' },
    },
    suspended: {
      description: 'Nobody listens: the worker is out of service.',
      entry: ['clearBoth', 'suspend'],
      on: {
        'listener.delegate': { actions: 'setOwner', target: 'rebinding' },
        'listener.returned': { actions: 'dropServer' },
        'listener.suspend': {},
      },
    },
    failed: { entry: 'release' },
    closed: { entry: 'release', on: { 'listener.suspend': {} } },
  },
})
