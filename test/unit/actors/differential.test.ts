import { describe, expect, test } from 'vitest'
import { assign, createActor, setup } from 'xstate'
import { workerSystemId } from '../../../actors/ledger.ts'
import { workerMachine } from '../../../actors/worker.ts'

/**
 * Compares two programs. The specification handles every connection as an event of the machine itself, with
 * guards; the product
 * counts connections in a ledger that sends its chart crossings only. Equal steps must lead to equal states
 * and numbers.
 */
interface Numbers {
  readonly active: number
  readonly refused: number
  readonly high: number
}

type Step =
  | { readonly type: 'open' }
  | { readonly type: 'close' }
  | { readonly type: 'exceed' }
  | { readonly type: 'recover' }
  | { readonly type: 'drain' }

const specification = setup({
  types: { context: {} as Numbers, input: {} as { readonly high: number }, events: {} as Step },
  actions: {
    admit: assign({ active: ({ context }) => context.active + 1 }),
    refuse: assign({ refused: ({ context }) => context.refused + 1 }),
    release: assign({ active: ({ context }) => context.active - 1 }),
  },
  guards: {
    fills: ({ context }) => context.active + 1 >= context.high,
    isFull: ({ context }) => context.active >= context.high,
    freesOne: ({ context }) => context.active - 1 <= context.high - 1,
    empties: ({ context }) => context.active === 1,
    isEmpty: ({ context }) => context.active === 0,
  },
}).createMachine({
  id: 'specification',
  context: ({ input }) => ({ active: 0, refused: 0, high: input.high }),
  initial: 'accepting',
  on: { drain: '.draining' },
  states: {
    accepting: {
      on: {
        open: [{ guard: 'fills', actions: 'admit', target: 'saturated' }, { actions: 'admit' }],
        close: { actions: 'release' },
        exceed: 'degraded',
      },
    },
    saturated: {
      on: {
        open: { actions: 'refuse' },
        close: [{ guard: 'freesOne', actions: 'release', target: 'accepting' }, { actions: 'release' }],
        exceed: 'degraded',
      },
    },
    degraded: {
      on: {
        open: { actions: 'refuse' },
        close: { actions: 'release' },
        recover: [{ guard: 'isFull', target: 'saturated' }, { target: 'accepting' }],
      },
    },
    draining: {
      always: { guard: 'isEmpty', target: 'stopped' },
      on: {
        open: { actions: 'refuse' },
        close: [{ guard: 'empties', actions: 'release', target: 'stopped' }, { actions: 'release' }],
        drain: {},
      },
    },
    stopped: { type: 'final' },
  },
})

function product(high: number) {
  const worker = createActor(workerMachine, {
    systemId: workerSystemId,
    input: { maxConnections: high, drainTimeoutMs: 1_000_000 },
  })
  worker.subscribe({ error: () => {} })
  worker.start()
  const { ledger } = worker.getSnapshot().context
  const steps: Readonly<Record<Step['type'], () => void>> = {
    open: () => ledger.send({ type: 'conn.opened' }),
    close: () => ledger.send({ type: 'conn.closed' }),
    exceed: () => worker.send({ type: 'limit.exceeded', reasons: [] }),
    recover: () => worker.send({ type: 'limit.recovered' }),
    drain: () => worker.send({ type: 'op.drain' }),
  }
  return {
    take: (step: Step) => steps[step.type](),
    view: () => {
      const { active, refused } = ledger.getSnapshot().context
      return { state: worker.getSnapshot().value, active, refused, status: worker.getSnapshot().status }
    },
  }
}

/** A small seeded random number generator (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function chooseStep(random: () => number, active: number): Step {
  const dice = random()
  if (dice < 0.003) return { type: 'drain' }
  if (dice < 0.04) return { type: 'exceed' }
  if (dice < 0.1) return { type: 'recover' }
  return active > 0 && random() < 0.48 ? { type: 'close' } : { type: 'open' }
}

describe('ledger and edge-driven chart against the specification', () => {
  test('have equal states, counts and refusals over 50,000 random steps', () => {
    const seed = Date.now() % 2 ** 31
    const random = randomOf(seed)
    let steps = 0
    while (steps < 50_000) {
      const high = 1 + Math.floor(random() * 12)
      const spec = createActor(specification, { input: { high } }).start()
      const { take, view } = product(high)
      for (let n = 0; n < 500 && spec.getSnapshot().status === 'active'; n++) {
        const step = chooseStep(random, spec.getSnapshot().context.active)
        spec.send(step)
        take(step)
        steps += 1
        const { value, context, status } = spec.getSnapshot()
        const wanted = { state: value, active: context.active, refused: context.refused, status }
        const seen = view()
        if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
          expect({ seed, steps, high, step, seen }).toEqual({ seed, steps, high, step, seen: wanted })
        }
      }
    }
    expect(steps).toBeGreaterThanOrEqual(50_000)
  })
})
