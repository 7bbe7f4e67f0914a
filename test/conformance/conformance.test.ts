import { describe, expect, test } from 'vitest'
import { topics } from './cases.ts'
import { run } from './run.ts'

const rows = Object.entries(topics)

describe.each(rows)('%s', (_topic, cases) => {
  for (const one of cases) {
    for (const type of one.on) test(`${one.id} ${type}: ${one.what} (RFC ${one.rfc})`, () => run(one, type))
  }
})

test('the suite has at least 150 cases with unique ids', () => {
  const ids = rows.flatMap(([, cases]) => cases.map(({ id }) => id))
  expect(ids.length).toBeGreaterThanOrEqual(150)
  expect(new Set(ids).size).toBe(ids.length)
})
