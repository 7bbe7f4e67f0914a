import { describe, expect, test } from 'vitest'
import type { ChartStep } from '../../../../actors/steps.ts'
import { Journal } from '../../../../src/supervise/journal/journal.ts'

const step = (actor: string, state: string, event = 'e', rest: Partial<ChartStep> = {}): ChartStep => ({
  actor,
  chart: 'c',
  parent: null,
  event,
  sender: null,
  state,
  edges: [],
  isIgnored: false,
  digest: {},
  ...rest,
})

describe('journal', () => {
  test('keeps the state of each actor and its start time', () => {
    let now = 0
    const journal = new Journal({ now: () => now })
    journal.record(step('w#1', 'starting', 'xstate.init'))
    now = 1_000
    journal.record(step('w#1', 'alive', 'thread.ready'))
    now = 2_000
    journal.record(step('w#1', 'alive', 'note'))
    expect(journal.actors()).toEqual([
      {
        id: 'w#1',
        chart: 'c',
        parent: null,
        state: 'alive',
        since: 1_000,
        cause: 'thread.ready',
        gone: null,
      },
    ])
  })

  test('numbers arrivals, moves and departures without gaps, each with the state before it', () => {
    const journal = new Journal({ now: () => 0 })
    journal.record(step('w', 'a'))
    journal.record(step('w', 'b', 'go', { edges: ['c.a|go|0'], sender: 's' }))
    journal.forget('w')
    expect(journal.since(0)).toMatchObject([
      { seq: 1, what: 'came' },
      { seq: 2, what: 'move', from: null, to: 'a' },
      { seq: 3, what: 'move', from: 'a', to: 'b', event: 'go', sender: 's', edges: ['c.a|go|0'] },
      { seq: 4, what: 'gone', actor: { id: 'w', state: 'b', gone: 0 } },
    ])
  })

  test('lists the changed fields of the context', () => {
    const journal = new Journal({ now: () => 0 })
    journal.record(step('w', 'a', 'e', { digest: { n: 1, same: 'x' } }))
    journal.record(step('w', 'a', 'e', { digest: { n: 2, same: 'x' } }))
    journal.record(step('w', 'a', 'e', { digest: { n: 2, same: 'x' } }))
    expect(journal.history('w')?.moves.map(({ diff }) => diff)).toEqual([null, { n: [1, 2] }, null])
  })

  test('keeps a bounded number of moves per actor, and marks that older ones existed', () => {
    const journal = new Journal({ now: () => 0, maxMoves: 3 })
    for (let n = 0; n < 10; n++) journal.record(step('w', `s${n}`))
    const history = journal.history('w')
    expect(history?.moves.map(({ to }) => to)).toEqual(['s7', 's8', 's9'])
    expect(history?.moves[0]?.from).toBe('s6')
    expect(history?.isComplete).toBe(false)
  })

  test('keeps a bounded number of entries in total and drops the oldest first', () => {
    const journal = new Journal({ now: () => 0, maxEntries: 10 })
    for (let n = 0; n < 20; n++) journal.record(step(n % 2 ? 'odd' : 'even', `s${n}`))
    expect(journal.moves()).toHaveLength(10)
    expect(journal.history('odd')?.moves.map(({ to }) => to)).toEqual(['s11', 's13', 's15', 's17', 's19'])
    expect(journal.history('even')?.isComplete).toBe(false)
  })

  test('keeps the moves of a bounded number of ended actors', () => {
    const journal = new Journal({ now: () => 0, maxGone: 2 })
    for (const id of ['a', 'b', 'c']) {
      journal.record(step(id, 's'))
      journal.forget(id)
    }
    expect(journal.actors()).toEqual([])
    expect(journal.ended().map(({ id }) => id)).toEqual(['b', 'c'])
    expect(journal.history('a')).toBeNull()
    expect(journal.history('c')?.moves).toHaveLength(1)
  })

  test('forgets an actor with the charts below it, and no other', () => {
    const journal = new Journal({ now: () => 0 })
    for (const actor of ['w#1', 'w#1/forward', 'w#10', 'w#10/forward']) journal.record(step(actor, 's'))
    journal.forget('w#1')
    expect(journal.actors().map(({ id }) => id)).toEqual(['w#10', 'w#10/forward'])
  })

  test('pages through a history', () => {
    const journal = new Journal({ now: () => 0 })
    for (let n = 0; n < 5; n++) journal.record(step('w', `s${n}`))
    const first = journal.history('w', 0, 2)
    expect(first?.moves.map(({ to }) => to)).toEqual(['s0', 's1'])
    const rest = journal.history('w', first?.next ?? 0)
    expect(rest?.moves.map(({ to }) => to)).toEqual(['s2', 's3', 's4'])
    expect(rest?.next).toBeNull()
  })

  test('returns the state of every actor at any moment', () => {
    let now = 0
    const journal = new Journal({ now: () => ++now })
    journal.record(step('a', 'one', 'xstate.init'))
    journal.record(step('b', 'one', 'xstate.init'))
    journal.record(step('a', 'two', 'go'))
    journal.record(step('a', 'two', 'note'))
    journal.forget('b')
    journal.record(step('a', 'three', 'go'))
    const at = (seq: number) => journal.at(seq).map(({ id, state }) => `${id} ${state}`)
    expect(at(0)).toEqual([])
    expect(at(2)).toEqual(['a one'])
    expect(at(4)).toEqual(['a one', 'b one'])
    expect(at(6)).toEqual(['a two', 'b one'])
    expect(at(7)).toEqual(['a two'])
    expect(at(8)).toEqual(['a three'])
    expect(journal.at(6)[0]).toMatchObject({ since: 3, cause: 'go', gone: null })
  })

  test('replays the entries after a number, or reports that they are gone', () => {
    const journal = new Journal({ now: () => 0, maxEntries: 5 })
    for (let n = 0; n < 10; n++) journal.record(step('w', `s${n}`))
    const { seq } = journal
    expect(journal.since(seq)).toEqual([])
    expect(journal.since(seq - 2)?.map((entry) => entry.seq)).toEqual([seq - 1, seq])
    expect(journal.since(seq - 5)).toHaveLength(5)
    expect(journal.since(seq - 6)).toBeNull()
    expect(journal.since(seq + 1)).toBeNull()
  })

  test('continues if a listener throws', () => {
    const journal = new Journal({ now: () => 0 })
    const end = journal.follow(() => {
      throw new Error('viewer')
    })
    expect(() => journal.record(step('w', 's'))).not.toThrow()
    end()
    expect(journal.stateOf('w')).toBe('s')
  })
})
