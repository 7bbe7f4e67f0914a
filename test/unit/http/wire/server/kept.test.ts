import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { Kept } from '../../../../../src/http/wire/server/kept.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

test('the kept part of a buffer stays when the buffer is used again', () => {
  const kept = new Kept()
  const shared = bytes('..abc..')
  kept.add(shared, 2, 5)
  shared.fill('x')
  expect([kept.take().toString(), kept.length]).toEqual(['abc', 3])
})

test('bytes before `start` are used up', () => {
  const kept = new Kept()
  kept.add(bytes('abc'), 0, 3)
  kept.start = 2
  expect([kept.take().toString(), kept.length]).toEqual(['c', 1])
})

test('the order of bytes is kept, however they are added and used', () => {
  const step = fc.record({ add: fc.string({ maxLength: 3_000 }), use: fc.nat(4_000) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const kept = new Kept()
      let expected = Buffer.alloc(0)
      for (const { add, use } of steps) {
        const piece = Buffer.from(add)
        kept.add(piece, 0, piece.length)
        expected = Buffer.concat([expected, piece])
        const used = Math.min(use, expected.length)
        kept.start += used
        expected = expected.subarray(used)
        expect(kept.take().equals(expected)).toBe(true)
      }
    }),
  )
})

test('single bytes are copied a few times each, not once for every further byte', () => {
  const kept = new Kept()
  const buffers = new Set<Buffer>()
  for (let count = 0; count < 64 * 1024; count += 1) {
    kept.add(bytes('a'), 0, 1)
    buffers.add(kept.bytes)
  }
  expect(kept.length).toBe(64 * 1024)
  expect(buffers.size).toBeLessThan(12)
})

test('bytes that never run out do not grow older and older', () => {
  let now = 0
  using _ = vi.spyOn(performance, 'now').mockImplementation(() => now)
  const kept = new Kept()
  kept.add(bytes('abc'), 0, 3)
  const ages: number[] = []
  for (let count = 0; count < 5; count += 1) {
    now += 10
    kept.add(bytes('abc'), 0, 3)
    kept.after(kept.start + 3)
    ages.push(kept.ageMs)
  }
  expect(ages).toEqual([0, 0, 0, 0, 0])
})
