import { expect, test } from 'vitest'
import { Budget } from '../../../../src/http/h2/budget.ts'

const takes = (budget: Budget, times: number, nowMs: number) =>
  Array.from({ length: times }, () => budget.take(nowMs)).filter(Boolean).length

test('a burst is free, then the rate applies', () => {
  const budget = new Budget(10, 2, 0)
  expect(takes(budget, 10, 0)).toBe(10)
  expect(budget.take(400)).toBe(false)
  const other = new Budget(10, 2, 0)
  takes(other, 10, 0)
  expect(takes(other, 2, 1_000)).toBe(2)
})

test('an unspent budget does not exceed the burst', () => {
  const budget = new Budget(3, 1, 0)
  expect(takes(budget, 4, 1_000_000)).toBe(3)
})
