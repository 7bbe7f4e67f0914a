import { expect, test } from 'vitest'
import { parseOptions } from '../../../bench/arguments.ts'
import { cases } from '../../../bench/cases/all.ts'
import { profileTable } from '../../../bench/profile.ts'
import type { Case } from '../../../bench/types.ts'
import { replaceBetween } from '../../../bench/write.ts'

test('the quick mode has short rounds and repeats none', () => {
  expect(parseOptions(['--quick'])).toMatchObject({ mode: 'quick', rounds: 2, repeats: 0, seconds: 1 })
})

test('disturbed rounds are repeated as often as there are rounds', () => {
  expect(parseOptions(['--rounds', '7'])).toMatchObject({ mode: 'bench', rounds: 7, repeats: 7 })
})

test.each([
  ['--case', 'nope'],
  ['--rounds', '0'],
  ['--quick', '--write'],
  ['--quick', '--profile'],
])('%s %s is an error', (...args) => {
  expect(() => parseOptions(args)).toThrow()
})

test('only the text between the marks is replaced', () => {
  const [begin, end] = ['begin', 'end'].map((word) => `<!-- npm run bench -- --write: ${word} -->`)
  const text = `before\n${begin}\nold\n${end}\nafter\n`
  expect(replaceBetween(text, 'new\n')).toBe(`before\n${begin}\nnew\n${end}\nafter\n`)
  expect(() => replaceBetween('without marks', 'new')).toThrow(/needs the marks/)
})

test('a profile names the functions with the most time of their own, without waiting', () => {
  const frame = (id: number, functionName: string, url = '') => ({
    ...{ id, callFrame: { functionName, url, lineNumber: 6 } },
  })
  const profile = {
    nodes: [frame(1, '(idle)'), frame(2, 'relay', 'node:net'), frame(3, '')],
    samples: [1, 2, 3, 2],
    timeDeltas: [5_000, 300, 200, 500],
  }
  const { rows } = profileTable(profile, { done: 100 }, cases[0] as Case)
  expect(rows).toEqual([
    ['relay  node:net:7', '80.0 %', '8.00'],
    ['(anonymous)', '20.0 %', '2.00'],
  ])
})
