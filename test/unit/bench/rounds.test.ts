import { expect, test } from 'vitest'
import { isQuietRound } from '../../../bench/noise.ts'
import { choose, inTurn, type Round } from '../../../bench/rounds.ts'

const rounds = (count: number): readonly Round[] => Array.from({ length: count }, () => new Map())

test('enough quiet rounds leave the disturbed ones out', () => {
  const [quiet, disturbed] = [rounds(3), rounds(2)]
  expect(choose(quiet, disturbed, 3)).toEqual({ kept: quiet, tried: 5, disturbed: 0 })
})

test('the latest disturbed rounds replace missing quiet ones, and are counted', () => {
  const [quiet, disturbed] = [rounds(1), rounds(4)]
  const { kept, tried, disturbed: used } = choose(quiet, disturbed, 3)
  expect(kept).toHaveLength(3)
  expect(kept[1]).toBe(disturbed[2])
  expect(kept[2]).toBe(disturbed[3])
  expect([tried, used]).toEqual([5, 2])
})

test('each round starts with another target', () => {
  expect([0, 1, 2, 3].map((round) => inTurn(['a', 'b', 'c'], round).join(''))).toEqual([
    'abc',
    'bca',
    'cab',
    'abc',
  ])
})

const loops = (target: number, rest: number) => ({ target, rest })

test.each([
  ['quiet: loops as fast as the fastest, no other work', loops(110, 100), 0.02, true],
  ['disturbed: a slow loop on the core of the target', loops(120, 100), 0, false],
  ['disturbed: a slow loop on the other core', loops(100, 130), 0, false],
  ['disturbed: other work on the core of the target', loops(100, 100), 0.06, false],
])('a round is %s', (_, seen, foreign, isQuiet) => {
  const fastest = loops(100, 100)
  expect(isQuietRound(seen, [fastest, seen], [{ foreign: 0 }, { foreign }])).toBe(isQuiet)
})
