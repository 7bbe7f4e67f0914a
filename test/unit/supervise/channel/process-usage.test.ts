import { describe, expect, test } from 'vitest'
import { growthBytes, memoryOf, runtimeBytes } from '../../../../src/supervise/channel/process-usage.ts'

const mebibyte = 1024 * 1024

describe('memory of a process', () => {
  test.each([
    ['what it says, while the kernel sees no more than Node needs', 10, 70, 70, 10],
    ['what it has hoarded since its last beat too', 40, 148, 70, 70],
    ['what it says, while it has taken no more than a young generation since', 40, 118, 70, 40],
    ['no less when it has given some back', 10, 60, 70, 10],
    ['what the kernel sees beyond what Node needs: a leak in native code', 10, 296, 296, 200],
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
