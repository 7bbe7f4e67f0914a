import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TokenBuckets } from '../../../../src/proxy/guard/token-buckets.ts'

/** `limit` tokens a second. */
const buckets = (limit: number, burst = limit, maxKeys = 1000) =>
  new TokenBuckets({ tokensPerMs: limit / 1000, burst, maxKeys })

/** Takes a token if there is one. */
function ask(of: TokenBuckets, key: string | number, now: number): boolean {
  if (!of.look(key, now).isGranted) return false
  of.take(key, now)
  return true
}

const grantedAt = (of: TokenBuckets, key: string | number, now: number, times: number): number =>
  Array.from({ length: times }, () => ask(of, key, now)).filter(Boolean).length

test('a full bucket grants its burst at once, and then each new token', () => {
  const of = buckets(10)
  expect(grantedAt(of, 'a', 0, 20)).toBe(10)
  expect(grantedAt(of, 'a', 99, 20)).toBe(0)
  expect(grantedAt(of, 'a', 100, 20)).toBe(1)
  expect(grantedAt(of, 'a', 400, 20)).toBe(3)
  expect(grantedAt(of, 'a', 60_000, 20)).toBe(10)
})

test('the burst can differ from the rate', () => {
  const of = buckets(10, 3)
  expect(grantedAt(of, 'a', 0, 20)).toBe(3)
  expect(grantedAt(of, 'a', 100, 20)).toBe(1)
})

test('a grant reports the remaining tokens and the time until more', () => {
  const of = buckets(10)
  expect(of.look('a', 5)).toEqual({ isGranted: true, remaining: 10, waitMs: 0, fullMs: 0 })
  expect(of.take('a', 5)).toEqual({ isGranted: true, remaining: 9, waitMs: 0, fullMs: 100 })
  grantedAt(of, 'a', 5, 9)
  expect(of.look('a', 5)).toEqual({ isGranted: false, remaining: 0, waitMs: 100, fullMs: 1000 })
  expect(of.look('a', 65)).toMatchObject({ isGranted: false, waitMs: 40, fullMs: 940 })
})

test('each key has its own bucket', () => {
  const of = buckets(1)
  expect([ask(of, 'a', 0), ask(of, 'b', 0), ask(of, 'a', 0), ask(of, 1, 0), ask(of, '1', 0)]).toEqual([
    true,
    true,
    false,
    true,
    true,
  ])
})

test('full buckets are forgotten as new keys arrive, so the maximum is never exceeded', () => {
  const of = buckets(10, 10, 100)
  for (let now = 0; now < 100_000; now += 1) {
    ask(of, `k${now}`, now)
    expect(of.size).toBeLessThanOrEqual(100)
  }
  for (let at = 0; at < 100; at += 1) ask(of, `late${at}`, 1_000_000)
  // Each new key examines four entries, so no old one is left.
  expect(of.size).toBeLessThanOrEqual(100)
  expect(grantedAt(of, 'late0', 1_000_000, 20)).toBe(9)
})

test("sending many keys does not restore a client's tokens", () => {
  const of = buckets(10, 10, 100)
  expect(grantedAt(of, 'greedy', 0, 20)).toBe(10)
  for (let at = 0; at < 10_000; at += 1) ask(of, `made-up-${at}`, 1)
  expect(grantedAt(of, 'greedy', 2, 20)).toBe(0)
  expect(of.size).toBe(100)
})

test('keys over the maximum share a fixed number of buckets, which refill like any other', () => {
  const of = buckets(1, 1, 10)
  for (let at = 0; at < 10; at += 1) ask(of, `first${at}`, 0)
  let granted = 0
  for (let at = 0; at < 100_000; at += 1) if (ask(of, `flood${at}`, 0)) granted += 1
  expect(granted).toBeLessThanOrEqual(1024)
  expect(granted).toBeGreaterThan(900)
  // A shared bucket refills like any other, and a key that later gets its own keeps the debt.
  expect(ask(of, 'flood0', 0)).toBe(false)
  expect(ask(of, 'flood0', 5_000)).toBe(true)
})

test('a key that later gets its own bucket keeps its debt from the shared one', () => {
  const of = buckets(1, 5, 1)
  ask(of, 'first', 0)
  expect(grantedAt(of, 'second', 500, 10)).toBe(5)
  // The first key is full again and is dropped; the second has its own bucket from here on.
  expect(grantedAt(of, 'second', 1_500, 10)).toBe(1)
})

test('over any window no key is granted more than its burst and the new tokens', () => {
  const request = fc.record({ key: fc.constantFrom('a', 'b', 'c'), after: fc.integer({ min: 0, max: 400 }) })
  const of = fc.record({ limit: fc.integer({ min: 1, max: 20 }), burst: fc.integer({ min: 1, max: 20 }) })
  fc.assert(
    fc.property(of, fc.array(request, { maxLength: 200 }), ({ limit, burst }, requests) => {
      const tokens = buckets(limit, burst, 2)
      const granted: Record<string, number[]> = { a: [], b: [], c: [] }
      let now = 0
      for (const { key, after } of requests) {
        now += after
        if (ask(tokens, key, now)) granted[key]?.push(now)
      }
      for (const times of Object.values(granted)) {
        for (const [from, start] of times.entries()) {
          for (const [offset, end] of times.slice(from).entries()) {
            const allowed = burst + ((end - start) * limit) / 1000
            expect(offset + 1).toBeLessThanOrEqual(allowed + 1e-6)
          }
        }
      }
    }),
  )
})
