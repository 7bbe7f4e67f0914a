import { describe, expect, test } from 'vitest'
import { historyFile as schema } from '../../../../../src/admin/api/schema/schema.ts'
import { historyFile, readHistoryFile } from '../../../../../src/admin/page/history/replay.ts'
import type { Move } from '../../../../../src/admin/page/shell/data.ts'
import { fixtureActor } from '../../../../kit/page/page-server.ts'

const one: Move = {
  seq: 4,
  at: 1_700_000_000_000,
  actor: 'reverse_proxy#1/reverse',
  chart: 'worker',
  event: 'load.high',
  sender: null,
  from: 'accepting',
  to: 'saturated',
  edges: ['worker.accepting|load.high|0'],
  ignored: false,
  diff: { connections: [9, 10] },
  skipped: 0,
}
const actors = [fixtureActor(one.actor, 'worker', null, 'saturated')]

describe('an exported history', () => {
  test('reads back unchanged', () => {
    const file = historyFile(5, actors, [one])
    expect(readHistoryFile(JSON.stringify(file))).toEqual(file)
  })

  test('matches the schema of the API', () => {
    expect(schema.parse(historyFile(5, actors, [one]))).toEqual(historyFile(5, actors, [one]))
  })

  test('lists moves in the order of their sequence numbers', () => {
    const file = historyFile(5, actors, [one, { ...one, seq: 2 }])
    expect(readHistoryFile(JSON.stringify(file)).moves.map(({ seq }) => seq)).toEqual([2, 4])
  })

  test.each([
    ['{', /it is not valid JSON/],
    ['[]', /not an exported history/],
    ['{"format":"bifrost-history","version":2}', /version 2/],
    ['{"format":"bifrost-history","version":1}', /no list of actors/],
    [
      JSON.stringify({ ...historyFile(1, actors, []), moves: [{ ...one, edges: [1] }] }),
      /moves\[0\] has edges/,
    ],
    [JSON.stringify({ ...historyFile(1, actors, []), moves: [one, null] }), /moves\[1\] is not an object/],
    [
      JSON.stringify(historyFile(1, actors, [{ ...one, at: 1e300 }])),
      /moves\[0\] has no number .* or no time/,
    ],
    [JSON.stringify(historyFile(1, actors, [{ ...one, seq: 0.5 }])), /moves\[0\] has no number/],
    [JSON.stringify(historyFile(1, actors, [{ ...one, seq: 1e21 }])), /moves\[0\] has no number/],
    [
      JSON.stringify({ ...historyFile(1, actors, []), moves: [{ ...one, diff: { a: 5 } }] }),
      /moves\[0\] has a diff/,
    ],
    [
      JSON.stringify({ ...historyFile(1, [], []), actors: [{ ...actors[0], since: -1e300 }] }),
      /actors\[0\] has no time/,
    ],
    [
      JSON.stringify({ ...historyFile(1, [], []), actors: [{ ...actors[0], gone: 'x' }] }),
      /actors\[0\] has an end/,
    ],
    [JSON.stringify({ ...historyFile(1, [], [one]), actors: [{}] }), /actors\[0\] has no id/],
  ])('is refused with a reason if it is malformed: %s', (text, reason) => {
    expect(() => readHistoryFile(text)).toThrow(reason)
  })

  test('with a time outside the range of a date is refused by the command line, too', () => {
    expect(schema.safeParse(historyFile(5, actors, [{ ...one, at: 1e300 }])).success).toBe(false)
  })
})
