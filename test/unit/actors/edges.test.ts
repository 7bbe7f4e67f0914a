import { describe, expect, test } from 'vitest'
import { createActor, type InspectionEvent, setup } from 'xstate'
import { daemonMachine } from '../../../actors/daemon.ts'
import {
  arrowsFrom,
  edgeIdsOf,
  hasPlainIds,
  litStates,
  stateNodesOf,
  stateText,
} from '../../../actors/edges.ts'
import { instanceMachine } from '../../../actors/instance.ts'
import { listenerMachine } from '../../../actors/listener.ts'
import { supervisorMachine } from '../../../actors/supervisor.ts'
import { workerMachine } from '../../../actors/worker.ts'

const toy = setup({
  types: { events: {} as { type: 'go' } | { type: 'note' } | { type: 'odd' } },
  guards: { never: () => false, always: () => true },
  actions: { note: () => {} },
}).createMachine({
  id: 'toy',
  initial: 'here',
  on: { note: { actions: 'note' } },
  states: {
    here: { on: { go: [{ guard: 'never', target: 'there' }, { target: 'passing' }] } },
    passing: {
      always: [
        { guard: 'never', target: 'here' },
        { guard: 'always', target: 'there' },
      ],
    },
    there: {},
  },
})

/** Edge ids of each microstep that the events cause. */
function fired(machine: typeof toy, ...events: readonly ('go' | 'note' | 'odd')[]) {
  const seen: (readonly string[])[] = []
  const inspect = (event: InspectionEvent) => {
    if (event.type !== '@xstate.microstep') return
    seen.push(edgeIdsOf((event.actorRef as typeof actor).logic as typeof toy, event._transitions))
  }
  const actor = createActor(machine, { inspect }).start()
  seen.length = 0
  for (const type of events) actor.send({ type })
  return seen
}

describe('edge ids', () => {
  test('identify guarded, eventless and targetless arrows of a microstep', () => {
    expect(fired(toy, 'go')).toEqual([['toy.here|go|1'], ['toy.passing||1']])
    expect(fired(toy, 'note')).toEqual([['toy|note|0']])
  })

  test('are empty for an event that the chart does not handle', () => {
    expect(fired(toy, 'odd')).toEqual([[]])
  })

  test('do not depend on the implementations that a machine is given', () => {
    expect(fired(toy.provide({ actions: { note: () => {} } }), 'go', 'note')).toEqual([
      ['toy.here|go|1'],
      ['toy.passing||1'],
      ['toy|note|0'],
    ])
  })

  test.each([daemonMachine, supervisorMachine, instanceMachine, listenerMachine, workerMachine])(
    'are unique in chart $id, whose states have no custom ids',
    (machine) => {
      const nodes = stateNodesOf(machine)
      const ids = nodes.flatMap(arrowsFrom).map(({ id }) => id)
      expect(ids.length).toBeGreaterThan(5)
      expect(new Set(ids).size).toBe(ids.length)
      for (const node of nodes) expect(node.id).toBe([machine.id, ...node.path].join('.'))
    },
  )
})

describe('stateText', () => {
  test.each([
    ['running', 'running'],
    [{ booting: 'binding' }, 'booting.binding'],
    [{ a: { b: 'c' } }, 'a.b.c'],
    [{ load: 'high', health: 'ok' }, 'load.high health.ok'],
    [{}, ''],
    [{ a: {} }, 'a'],
  ])('%j is %s', (value, text) => {
    expect(stateText(value)).toBe(text)
  })
})

describe('litStates', () => {
  test('contains the root and every state on the path, for each region', () => {
    expect(litStates('m', 'a.b c')).toEqual(['m', 'm.a', 'm.a.b', 'm.c'])
    expect(litStates('m', '')).toEqual(['m'])
  })

  test('names states as XState does, unless a state has a custom id', () => {
    expect(hasPlainIds(instanceMachine, { running: 'alive' })).toBe(true)
    const odd = setup({}).createMachine({ id: 'm', initial: 'a', states: { a: { id: 'own' } } })
    expect(hasPlainIds(odd, 'a')).toBe(false)
  })
})
