import { expect, test } from 'vitest'
import { createActor, setup } from 'xstate'
import { liveChart } from '../../../actors/live.ts'

const machine = setup({
  types: { events: {} as { type: 'go' } | { type: 'note' } },
  guards: { isOpen: () => false },
  actions: { note: () => {} },
  delays: { LATER: 60_000 },
}).createMachine({
  id: 'm',
  initial: 'a',
  on: { note: { actions: 'note' } },
  states: {
    a: { on: { go: [{ guard: 'isOpen', target: 'b' }, { target: 'c' }] }, after: { LATER: 'b' } },
    b: { type: 'final' },
    c: {},
  },
})

test('lists the timers of a chart with event, due time and length', () => {
  const actor = createActor(machine).start()
  const before = Date.now()
  const [timer, ...others] = liveChart(actor)?.timers ?? []
  expect(others).toEqual([])
  expect(timer).toMatchObject({ event: 'xstate.after.LATER.m.a', ms: 60_000 })
  expect(Math.abs((timer?.at ?? 0) - before - 60_000)).toBeLessThan(2_000)
  actor.send({ type: 'go' })
  expect(liveChart(actor)?.timers).toEqual([])
  actor.stop()
})

test('lists the possible transitions by arrow id', () => {
  const actor = createActor(machine).start()
  expect(liveChart(actor)?.next).toEqual([
    { event: 'go', edge: 'm.a|go|0', guard: 'isOpen', targets: ['m.b'] },
    { event: 'go', edge: 'm.a|go|1', guard: null, targets: ['m.c'] },
    { event: 'xstate.after.LATER.m.a', edge: 'm.a|xstate.after.LATER.m.a|0', guard: null, targets: ['m.b'] },
    { event: 'note', edge: 'm|note|0', guard: null, targets: [] },
  ])
  actor.stop()
  expect(liveChart(actor)).toBeNull()
})
