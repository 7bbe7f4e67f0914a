import { expect, test } from 'vitest'
import { idleMs } from '../../../../../src/http/wire/client/idle.ts'

test('an upstream may shorten the idle time, less a margin, and never lengthens it', () => {
  expect(idleMs(null, 60_000)).toBe(60_000)
  expect(idleMs(5, 60_000)).toBe(3_000)
  expect(idleMs(600, 60_000)).toBe(60_000)
  expect(idleMs(1, 60_000)).toBeLessThan(0)
})
