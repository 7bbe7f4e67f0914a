import { describe, expect, it } from 'vitest'
import { Journal } from '../../../src/supervise/journal.ts'

describe('journal', () => {
  it('keeps the state of each actor and since when', () => {
    let now = 0
    const journal = new Journal({ now: () => now })
    journal.record('w#1', 'starting', 'xstate.init')
    now = 1_000
    journal.record('w#1', 'alive', 'thread.ready')
    expect(journal.actors()).toEqual([
      { actor: 'w#1', state: 'alive', since: '1970-01-01T00:00:01.000Z', cause: 'thread.ready' },
    ])
  })

  it('records a move only when the state changes', () => {
    const journal = new Journal({ now: () => 0 })
    journal.record('w', 'accepting', 'xstate.init')
    journal.record('w', 'accepting', 'load.low')
    expect(journal.moves()).toHaveLength(1)
  })

  it('is bounded', () => {
    const journal = new Journal({ now: () => 0, maxMoves: 3 })
    for (let n = 0; n < 10; n++) journal.record('w', `s${n}`, 'e')
    expect(journal.moves().map(({ seq, state }) => [seq, state])).toEqual([
      [8, 's7'],
      [9, 's8'],
      [10, 's9'],
    ])
  })

  it('forgets an actor with the charts below it, and no other', () => {
    const journal = new Journal({ now: () => 0 })
    for (const actor of ['w#1', 'w#1/forward', 'w#10', 'w#10/forward']) journal.record(actor, 's', 'e')
    journal.forget('w#1')
    expect(journal.actors().map(({ actor }) => actor)).toEqual(['w#10', 'w#10/forward'])
  })
})
