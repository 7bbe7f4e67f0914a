import { describe, expect, test, vi } from 'vitest'
import type { Move } from '../../../../../src/admin/page/shell/data.ts'
import { maxPoints, Store } from '../../../../../src/admin/page/shell/store.ts'
import { fixtureActor, fixtureWorker } from '../../../../kit/page/page-server.ts'

const move = (seq: number, to: string, more: Partial<Move> = {}): Move => ({
  seq,
  at: 1_000 + seq,
  actor: 'a',
  chart: 'worker',
  event: 'load.high',
  sender: null,
  from: null,
  to,
  edges: [],
  ignored: false,
  diff: null,
  skipped: 0,
  ...more,
})

function filled() {
  const store = new Store()
  const actor = { ...fixtureActor('a', 'worker', null, 'accepting'), since: 1_000 }
  store.reset({ at: 1_000, actors: [actor], workers: [] })
  return store
}

describe('the store of the page', () => {
  test('a move changes the state of its actor and notifies the views', () => {
    const store = filled()
    const heard = vi.fn()
    store.onMove(heard, new AbortController().signal)
    store.move(move(1, 'saturated'))
    expect(store.actors.get('a')).toMatchObject({ state: 'saturated', since: 1_001, cause: 'load.high' })
    expect(heard).toHaveBeenCalledOnce()
  })

  test('a move repeated after a reconnect counts once', () => {
    const store = filled()
    const heard = vi.fn()
    store.onMove(heard, new AbortController().signal)
    store.move(move(1, 'saturated'))
    store.move(move(2, 'accepting'))
    store.move(move(1, 'saturated'))
    expect(store.moves.map(({ seq }) => seq)).toEqual([1, 2])
    expect(store.actors.get('a')?.state).toBe('accepting')
    expect(heard).toHaveBeenCalledTimes(2)
  })

  test('moves from the journal precede live moves and change no state', () => {
    const store = filled()
    store.move(move(7, 'saturated'))
    store.remember([move(3, 'degraded'), move(5, 'accepting')])
    expect(store.moves.map(({ seq }) => seq)).toEqual([3, 5, 7])
    expect(store.actors.get('a')?.state).toBe('saturated')
  })

  test('an ignored event does not enter a state again', () => {
    const store = filled()
    store.move(move(1, 'accepting', { ignored: true }))
    expect(store.actors.get('a')?.since).toBe(1_000)
  })

  test('a move older than the reported state of its actor changes nothing', () => {
    const store = filled()
    store.move(move(1, 'saturated', { at: 500 }))
    expect(store.actors.get('a')?.state).toBe('accepting')
  })

  test('keeps two minutes of samples per worker and forgets a removed worker', () => {
    const store = filled()
    for (let at = 0; at < maxPoints + 30; at++) {
      store.sample({ at, workers: [fixtureWorker('w', 'reverse')], instances: [] })
    }
    expect(store.points.get('w')).toHaveLength(maxPoints)
    store.sample({ at: 999, workers: [], instances: [] })
    expect(store.workers.size).toBe(0)
  })

  test('forgets actors that ended long ago', () => {
    const store = filled()
    for (let at = 0; at < 500; at++) {
      const actor = fixtureActor(`w#${at}`, 'instance', null, 'crashed')
      store.presence({ seq: at, at, what: 'gone', actor })
    }
    expect(store.actors.size).toBeLessThan(210)
    expect(store.actors.get('a')).toBeDefined()
  })
})
