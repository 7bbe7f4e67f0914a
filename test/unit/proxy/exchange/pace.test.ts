import { expect, test } from 'vitest'
import type { PaceSettings } from '../../../../src/config/settings/settings.ts'
import { Pace, type PaceSample } from '../../../../src/proxy/exchange/pace.ts'

const bounds: PaceSettings = {
  bodyIdleMs: 60_000,
  minBytesPerSecond: 100,
  graceMs: 5_000,
  exchangeMs: 0,
  halfClosedMs: 0,
}
const still: PaceSample = { sent: 0, taken: 0, owes: false, isBehind: false, hasEnded: false }

/** Checks once a second. Returns the second at which the client is too slow, or null if it never is. */
function endOf(turnAt: (second: number) => Partial<PaceSample>, by = bounds, seconds = 600): number | null {
  const pace = new Pace(by, 0, 0, 0)
  for (let second = 1; second <= seconds; second += 1) {
    if (pace.isOver({ ...still, ...turnAt(second) }, by, second * 1_000)) return second
  }
  return null
}

test('a client that sends a byte a second is too slow after its grace period', () => {
  expect(endOf((second) => ({ owes: true, sent: second }))).toBe(7)
})

test('a client at the minimum rate is never too slow, in either direction', () => {
  expect(endOf((second) => ({ owes: true, sent: second * 100 }))).toBeNull()
  expect(endOf((second) => ({ isBehind: true, taken: second * 100 }))).toBeNull()
})

test('a client that reads a byte a second is too slow after its grace period', () => {
  expect(endOf((second) => ({ isBehind: true, taken: second }))).toBe(7)
})

test('bytes sent do not pay for bytes not read', () => {
  expect(endOf((second) => ({ owes: true, isBehind: true, sent: second * 1_000, taken: 0 }))).toBe(7)
})

test('time outside of its turn does not count', () => {
  expect(endOf(() => ({ owes: false }))).toBeNull()
  expect(endOf((second) => ({ owes: second % 10 === 0, sent: second }))).toBeNull()
  expect(endOf((second) => ({ owes: second > 300 }))).toBe(307)
})

test('a burst pays for a pause up to the idle limit, and for a trickle of the same length', () => {
  const burst = (second: number) => (second < 3 ? 0 : 1_000_000)
  expect(endOf((second) => ({ owes: true, sent: burst(second) }))).toBe(63)
  expect(endOf((second) => ({ owes: true, sent: burst(second) + second }))).toBe(64)
})

test('without a minimum rate a trickle goes on until a pause reaches the idle limit', () => {
  const none = { ...bounds, minBytesPerSecond: 0 }
  expect(endOf((second) => ({ owes: true, sent: second }), none)).toBeNull()
  expect(endOf(() => ({ owes: true }), none)).toBe(60)
  expect(endOf((second) => ({ owes: true, sent: Math.floor(second / 59) }), none)).toBeNull()
})

test('bytes that only appear to be read are not progress', () => {
  expect(endOf((second) => ({ isBehind: true, taken: second % 2 === 0 ? 0 : 400 }))).toBeLessThan(12)
})

test('bytes in the other direction do not count as activity', () => {
  const none = { ...bounds, minBytesPerSecond: 0 }
  expect(endOf((second) => ({ isBehind: true, sent: second }), none)).toBe(60)
  expect(endOf((second) => ({ owes: true, taken: second }), none)).toBe(60)
  expect(endOf((second) => ({ owes: true, isBehind: true, taken: second }), none)).toBeNull()
})

test('a half-closed client is kept as long as its exchange runs', () => {
  expect(endOf(() => ({ hasEnded: true }))).toBeNull()
})

test('with a limit a half-closed client is kept for that time without a byte', () => {
  const limited = { ...bounds, halfClosedMs: 2_000 }
  expect(endOf(() => ({ hasEnded: true }), limited)).toBe(2)
  expect(endOf((second) => ({ hasEnded: true, taken: Math.min(second, 10) }), limited)).toBe(12)
})

test('bytes before the first check count', () => {
  const pace = new Pace(bounds, 1_000, 0, 0)
  const sample = { ...still, owes: true, sent: 2_000 }
  let second = 1
  while (!pace.isOver(sample, bounds, second * 1_000)) second += 1
  expect(second).toBe(17)
})
