import { describe, expect, test } from 'vitest'
import { growthBytes, memoryOf, runtimeBytes } from '../../../../src/supervise/channel/process-usage.ts'

const mebibyte = 1024 * 1024

describe('the counted memory of a process', () => {
  test.each([
    ['its own report, while the kernel sees no more than Node needs', 10, 70, 70, 10],
    ['increased by its growth since its last beat', 40, 148, 70, 70],
    ['its own report, while it has grown by at most a young generation since', 40, 118, 70, 40],
    ['not reduced when it has freed some', 10, 60, 70, 10],
    ['the excess over the needs of Node as seen by the kernel: a leak in native code', 10, 296, 296, 200],
  ])('is %s', (_, own, now, atBeat, counted) => {
    expect([runtimeBytes, growthBytes]).toEqual([96 * mebibyte, 48 * mebibyte])
    const reading = {
      ownBytes: own * mebibyte,
      privateBytes: now * mebibyte,
      privateBytesAtBeat: atBeat * mebibyte,
    }
    expect(memoryOf(reading)).toBe(counted * mebibyte)
  })
})
