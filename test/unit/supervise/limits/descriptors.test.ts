import { describe, expect, test } from 'vitest'
import { boundsOf, maxDescriptors } from '../../../../src/supervise/limits/descriptors.ts'

describe('descriptor bounds', () => {
  test('reserve a quarter for instances with few connections', () => {
    expect(boundsOf(20_000, 3)).toEqual({ scarceFrom: 15_000, share: 625 })
  })

  test.each([256, 1_024, 4_096, 1_048_576])(
    'for %i descriptors exceed the shares of all instances',
    (max) => {
      for (const sharers of [1, 3, 8]) {
        const { scarceFrom, share } = boundsOf(max, sharers)
        expect(scarceFrom + 2 * share * sharers).toBeLessThanOrEqual((max * 15) / 16)
      }
    },
  )

  test('give every instance at least one', () => {
    expect(boundsOf(64, 100).share).toBe(1)
  })

  test('come from the kernel', () => {
    expect(maxDescriptors()).toBeGreaterThan(64)
  })
})
