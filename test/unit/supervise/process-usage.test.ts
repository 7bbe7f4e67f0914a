import { describe, expect, it } from 'vitest'
import { memoryOf, runtimeBytes } from '../../../src/supervise/process-usage.ts'

const mebibyte = 1024 * 1024

describe('memory of a process', () => {
  it.each([
    ['what it says, while the kernel sees no more than Node needs', 10, 70, 70, 10],
    ['what it has taken since its last beat too', 10, 100, 70, 40],
    ['no less when it has given some back', 10, 60, 70, 10],
    ['what the kernel sees beyond what Node needs: a leak in native code', 10, 296, 296, 200],
  ])('is %s', (_, own, now, atBeat, counted) => {
    expect(runtimeBytes).toBe(96 * mebibyte)
    const reading = {
      ownBytes: own * mebibyte,
      privateBytes: now * mebibyte,
      privateBytesAtBeat: atBeat * mebibyte,
    }
    expect(memoryOf(reading)).toBe(counted * mebibyte)
  })
})
