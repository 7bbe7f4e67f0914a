import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { assign, createActor, fromCallback, raise, SimulatedClock, setup } from 'xstate'
import { Journal } from '../../../src/supervise/journal/journal.ts'
import { superviseFakes } from '../../kit/daemons/fake-supervisor.ts'

/**
 * XState behaviour that our supervision relies on or guards against: an update that changes it must fail
 * here.
 */
const root = join(import.meta.dirname, '../../..')

/** Runs in a separate process, because an uncaught error ends it; returns its output and exit code. */
function runAlone(body: string): readonly [string, number | null] {
  const source = `import { createActor, fromCallback, setup } from 'xstate'\n${body}`
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    cwd: root,
    encoding: 'utf8',
    timeout: 20_000,
  })
  return [stdout.trim(), status]
}

describe('XState pitfalls that the supervision avoids', () => {
  test.each([
    ['() => {}', 1],
    ['{ error: () => {} }', 0],
  ])(
    'the error of an actor that has the subscriber %s ends the process with %i, though its parent handles it',
    (subscriber, status) => {
      const seen = runAlone(`
      const child = setup({}).createMachine({ on: { go: { actions: () => { throw new Error('broken action') } } } })
      const parent = setup({ actors: { child } }).createMachine({
        initial: 'on',
        states: { on: { invoke: { id: 'child', src: 'child', onError: 'handled' } }, handled: {} },
      })
      const actor = createActor(parent).start()
      const { child: ref } = actor.getSnapshot().children
      ref.subscribe(${subscriber})
      ref.send({ type: 'go' })
      console.log(actor.getSnapshot().value)
    `)
      expect(seen).toEqual(['handled', status])
    },
  )

  test('every subscriber to an actor has an error callback', () => {
    const files = globSync(['src/**/*.ts', 'actors/**/*.ts'], { cwd: root })
    const subscriptions = files.flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .filter((line) => line.includes('.subscribe('))
        .map((line) => `${file}: ${line.trim()}`),
    )
    expect(subscriptions.length).toBeGreaterThan(0)
    // The stream of samples is an rxjs stream, not an actor.
    const ofActors = subscriptions.filter((line) => !line.includes('sampleStream('))
    expect(ofActors.filter((line) => !line.includes('error:'))).toEqual([])
  })

  test("a callback's late exception is not caught: its machine stays active and the process ends", () => {
    const seen = runAlone(`
      const later = fromCallback(() => { setTimeout(() => { throw new Error('later') }) })
      const machine = setup({ actors: { later } }).createMachine({
        initial: 'on',
        states: { on: { invoke: { src: 'later', onError: 'handled' } }, handled: {} },
      })
      const actor = createActor(machine).start()
      process.on('exit', () => console.log(actor.getSnapshot().value))
    `)
    expect(seen).toEqual(['on', 1])
  })

  const failing = setup({
    types: { events: {} as { type: 'break' } },
    actors: { resource: fromCallback<{ type: 'none' }, { readonly signal: AbortSignal }>(() => {}) },
    actions: {
      explode: () => {
        throw new Error('broken action')
      },
    },
  })

  test('a machine that throws leaves its children running; the signal of the incarnation ends their resources', () => {
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

  test('an exception in an inspector leaves send and loses the event, so the journal never throws', () => {
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

  test('stop() runs no exit actions, a final state does: an instance ends by a final state', () => {
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

  test('two delayed events with one id both fire, so each restart has a unique id', () => {
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

  test('a failure of the chart of a child counts as a crash, and the supervisor continues', () => {
    const { clock, carriers, latest, supervisor, state } = superviseFakes()
    latest().ready()
    const [instance] = Object.values(supervisor.getSnapshot().children)
    // An event that no carrier sends; the output cannot be computed from it.
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
