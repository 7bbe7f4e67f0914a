import { expect, test } from 'vitest'
import { topics } from './cases.ts'
import { suite } from './suite.ts'

suite('TCP')

test('the suite has at least 300 cases with unique ids', () => {
  const ids = Object.values(topics).flatMap((cases) => cases.map(({ id }) => id))
  expect(ids.length).toBeGreaterThanOrEqual(300)
  expect(new Set(ids).size).toBe(ids.length)
})
