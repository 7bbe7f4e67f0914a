import { describe, expect, test } from 'vitest'
import { createActor, setup } from 'xstate'
import { type ChartStep, readSteps } from '../../../actors/steps.ts'

const child = setup({
  types: { events: {} as { type: 'end' } | { type: 'fail' } },
  actions: {
    explode: () => {
      throw new Error('broken')
    },
  },
}).createMachine({
  id: 'child',
  initial: 'on',
  states: { on: { on: { end: 'off', fail: { actions: 'explode' } } }, off: { type: 'final' } },
})

const parent = setup({
  types: {
    events: {} as { type: 'go' } | { type: 'odd' } | { type: 'end' } | { type: 'fail' } | { type: 'drop' },
  },
  actors: { child },
}).createMachine({
  id: 'parent',
  initial: 'a',
  invoke: { id: 'kid', src: 'child', onDone: {}, onError: {} },
  states: {
    a: { on: { go: 'passing' } },
    passing: { always: 'b' },
    b: {},
  },
})

function watched() {
  const seen: string[] = []
  const steps: ChartStep[] = []
  const inspect = readSteps({
    step(step) {
      steps.push(step)
      seen.push(`${step.actor} ${step.event} ${step.state}${step.isIgnored ? ' ignored' : ''}`)
    },
    gone: (actor, cause) => seen.push(`${actor} gone ${cause}`),
  })
  const actor = createActor(parent, { id: 'root', inspect })
  actor.subscribe({ error: () => {} })
  actor.start()
  const kid = actor.getSnapshot().children['kid']
  return { actor, kid, seen, steps }
}

describe('steps', () => {
  test('begin with the start of each actor and its parent', () => {
    const { seen, steps } = watched()
    expect(seen.toSorted()).toEqual(['kid xstate.init on', 'root xstate.init a'])
    expect(steps.find(({ actor }) => actor === 'kid')).toMatchObject({
      chart: 'child',
      parent: 'root',
      sender: 'root',
      edges: [],
    })
  })

  test('show a transient state', () => {
    const { actor, seen, steps } = watched()
    seen.length = 0
    actor.send({ type: 'go' })
    expect(seen).toEqual(['root go passing', 'root go b'])
    expect(steps.slice(-2).map(({ edges }) => edges)).toEqual([['parent.a|go|0'], ['parent.passing||0']])
  })

  test('show an event that no state handled', () => {
    const { actor, seen } = watched()
    seen.length = 0
    actor.send({ type: 'odd' })
    expect(seen).toEqual(['root odd a ignored'])
  })

  test('end with a final state, before the parent acts on it', () => {
    const { kid, seen, steps } = watched()
    seen.length = 0
    kid?.send({ type: 'end' })
    expect(seen).toEqual(['kid end off', 'kid gone xstate.done.actor.kid', 'root xstate.done.actor.kid a'])
    expect(steps.at(-1)?.sender).toBe('kid')
  })

  test('report a failed actor, for which XState has no snapshot', () => {
    const { kid, seen } = watched()
    seen.length = 0
    kid?.subscribe({ error: () => {} })
    kid?.send({ type: 'fail' })
    expect(seen).toEqual(['kid gone xstate.error.actor.kid', 'root xstate.error.actor.kid a'])
  })

  test('report stopped actors', () => {
    const { actor, seen } = watched()
    seen.length = 0
    actor.stop()
    expect(seen.filter((line) => line.includes('gone')).toSorted()).toEqual([
      'kid gone xstate.stop',
      'root gone xstate.stop',
    ])
    expect(seen.filter((line) => line.includes('ignored'))).toEqual([])
  })

  test('are left out if they cannot be read, and the chart continues', () => {
    const inspect = readSteps({
      step: () => {
        throw new Error('full')
      },
      gone: () => {},
    })
    const actor = createActor(parent, { inspect }).start()
    expect(() => actor.send({ type: 'go' })).not.toThrow()
    expect(actor.getSnapshot().value).toBe('b')
  })
})
