import { describe, expect, it, vi } from 'vitest'
import { assign, createActor, fromCallback, raise, SimulatedClock, setup } from 'xstate'
import { Journal } from '../../../src/supervise/journal.ts'
import { superviseFakes } from '../../kit/charts.ts'

/** What our supervision relies on in XState, and what it guards against: an update that changes one of these must fail here. */
describe('traps of XState that the supervision closes', () => {
  const failing = setup({
    types: { events: {} as { type: 'break' } },
    actors: { resource: fromCallback<{ type: 'none' }, { readonly signal: AbortSignal }>(() => {}) },
    actions: {
      explode: () => {
        throw new Error('broken action')
      },
    },
  })

  it('a machine that throws leaves its children running; the signal of the incarnation ends what they hold', () => {
    const released = vi.fn()
    const cleanedUp = vi.fn()
    const scope = new AbortController()
    const machine = failing
      .createMachine({
        invoke: { src: 'resource', input: { signal: scope.signal } },
        on: { break: { actions: 'explode' } },
      })
      .provide({
        actors: {
          resource: fromCallback(({ input }) => {
            input.signal.addEventListener('abort', released, { once: true })
            return cleanedUp
          }),
        },
      })
    const actor = createActor(machine)
    actor.subscribe({ error: () => {} })
    actor.start()
    actor.send({ type: 'break' })
    expect(actor.getSnapshot().status).toBe('error')
    expect(cleanedUp).not.toHaveBeenCalled()
    scope.abort()
    expect(released).toHaveBeenCalledOnce()
  })

  it('an exception in an inspector leaves send and loses the event, so the journal never throws', () => {
    const journal = new Journal({
      now: () => {
        throw new Error('no clock')
      },
    })
    const machine = setup({ types: { events: {} as { type: 'go' } } }).createMachine({
      initial: 'here',
      states: { here: { on: { go: 'there' } }, there: {} },
    })
    const actor = createActor(machine, { inspect: journal.inspect }).start()
    expect(() => actor.send({ type: 'go' })).not.toThrow()
    expect(actor.getSnapshot().value).toBe('there')
  })

  it('stop() runs no exit actions, a final state does: an instance ends by a final state', () => {
    const left = vi.fn()
    const machine = setup({
      types: { events: {} as { type: 'end' } },
      actions: { leave: () => left() },
    }).createMachine({
      initial: 'on',
      states: { on: { exit: 'leave', on: { end: 'off' } }, off: { type: 'final' } },
    })
    const stopped = createActor(machine).start()
    stopped.stop()
    expect(left).not.toHaveBeenCalled()
    createActor(machine).start().send({ type: 'end' })
    expect(left).toHaveBeenCalledOnce()
  })

  it('two delayed events with one id both fire: a restart has an id of its own', () => {
    const clock = new SimulatedClock()
    const machine = setup({
      types: { context: {} as { readonly count: number }, events: {} as { type: 'go' } | { type: 'tick' } },
      actions: {
        later: raise({ type: 'tick' }, { delay: 10, id: 'one' }),
        count: assign({ count: ({ context }) => context.count + 1 }),
      },
    }).createMachine({
      context: { count: 0 },
      on: { go: { actions: 'later' }, tick: { actions: 'count' } },
    })
    const actor = createActor(machine, { clock }).start()
    actor.send({ type: 'go' })
    actor.send({ type: 'go' })
    clock.increment(10)
    expect(actor.getSnapshot().context.count).toBe(2)
  })

  it('a child whose chart itself fails counts as a crash, and the supervisor lives on', () => {
    const { clock, carriers, latest, supervisor, state } = superviseFakes()
    latest().ready()
    const [instance] = Object.values(supervisor.getSnapshot().children)
    // An event that no carrier sends: its output cannot be computed from it.
    instance?.send({
      type: 'thread.exit',
      get exitCode(): number {
        throw new Error('broken event')
      },
    } as never)
    clock.increment(1)
    expect(supervisor.getSnapshot().status).toBe('active')
    expect(carriers.length).toBe(2)
    latest().ready()
    expect(state()).toEqual({ supervising: 'steady' })
  })
})
