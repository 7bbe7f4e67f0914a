import { expect, test } from 'vitest'
import { Buckets } from '../../../../src/admin/gate/buckets.ts'

function buckets(rest: Partial<ConstructorParameters<typeof Buckets>[0]> = {}) {
  const clock = { now: 0 }
  const made = new Buckets({
    perSecond: 1,
    burst: 2,
    allPerSecond: 100,
    allBurst: 100,
    now: () => clock.now,
    ...rest,
  })
  return { made, clock }
}

test('admits the burst at once, then the rate per second, and returns the time to wait', () => {
  const { made, clock } = buckets()
  expect([made.take('a'), made.take('a'), made.take('a')]).toEqual([0, 0, 1])
  clock.now = 1_000
  expect([made.take('a'), made.take('a')]).toEqual([0, 1])
})

test('gives each peer its own bucket', () => {
  const { made } = buckets()
  expect([made.take('a'), made.take('a'), made.take('b')]).toEqual([0, 0, 0])
})

test('limits all peers together', () => {
  const { made } = buckets({ allBurst: 3, allPerSecond: 0.5 })
  expect(['a', 'b', 'c', 'd'].map((key) => made.take(key))).toEqual([0, 0, 0, 2])
})

test('a refused attempt takes nothing from the bucket of its peer', () => {
  const { made, clock } = buckets()
  for (let n = 0; n < 100; n++) made.take('a')
  clock.now = 1_000
  expect(made.take('a')).toBe(0)
})

test('remembers a bounded number of peers', () => {
  const { made } = buckets({ maxKeys: 10 })
  for (let n = 0; n < 1_000; n++) made.take(`peer ${n}`)
  expect(made.size).toBe(10)
})
