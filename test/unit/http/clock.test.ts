import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CoarseClock, type Timed } from '../../../src/http/clock.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

class Member implements Timed {
  place = -1
  looks = 0
  readonly #then: () => void

  constructor(then: () => void = () => {}) {
    this.#then = then
  }

  look(): void {
    this.looks += 1
    this.#then()
  }
}

const looksOf = (members: readonly Member[]) => members.map(({ looks }) => looks)

test.each([
  [100, 10],
  [2_000, 100],
  [60_000, 500],
  [Number.POSITIVE_INFINITY, 500],
])('with a shortest deadline of %d ms it ticks every %d ms', (shortestMs, everyMs) => {
  expect(new CoarseClock(shortestMs).everyMs).toBe(everyMs)
})

test('each tick looks at every member once', () => {
  const clock = new CoarseClock(2_000)
  const members = [new Member(), new Member(), new Member()]
  for (const one of members) clock.add(one)
  vi.advanceTimersByTime(300)
  expect(clock.tick).toBe(3)
  expect(looksOf(members)).toEqual([3, 3, 3])
})

test('a member that is added twice is looked at once', () => {
  const clock = new CoarseClock(2_000)
  const one = new Member()
  clock.add(one)
  clock.add(one)
  vi.advanceTimersByTime(100)
  expect(one.looks).toBe(1)
})

test('a member that was deleted is not looked at, and the others still are', () => {
  const clock = new CoarseClock(2_000)
  const members = [new Member(), new Member(), new Member()]
  for (const one of members) clock.add(one)
  clock.delete(members[0] as Member)
  clock.delete(members[0] as Member)
  vi.advanceTimersByTime(100)
  expect(looksOf(members)).toEqual([0, 1, 1])
  clock.delete(members[1] as Member)
  clock.delete(members[2] as Member)
  vi.advanceTimersByTime(100)
  expect(looksOf(members)).toEqual([0, 1, 1])
})

test('members that leave while the clock looks do not hide others', () => {
  const clock = new CoarseClock(2_000)
  const members: Member[] = []
  for (let at = 0; at < 5; at += 1) {
    const leaves = at % 2 === 0
    const one: Member = new Member(() => {
      if (leaves) clock.delete(one)
    })
    members.push(one)
    clock.add(one)
  }
  vi.advanceTimersByTime(100)
  expect(looksOf(members)).toEqual([1, 1, 1, 1, 1])
  vi.advanceTimersByTime(100)
  expect(looksOf(members)).toEqual([1, 2, 1, 2, 1])
})

test('a member may be added again, also to another clock', () => {
  const [first, second] = [new CoarseClock(2_000), new CoarseClock(2_000)]
  const one = new Member()
  first.add(one)
  first.delete(one)
  second.add(one)
  vi.advanceTimersByTime(100)
  expect(one.looks).toBe(1)
})

test('a deadline is never met early', () => {
  const clock = new CoarseClock(2_000)
  clock.add(new Member())
  vi.advanceTimersByTime(100)
  const since = clock.tick
  // The tick may have been almost over when `since` was noted.
  vi.advanceTimersByTime(200)
  expect(clock.isOver(since, 200)).toBe(false)
  vi.advanceTimersByTime(100)
  expect(clock.isOver(since, 200)).toBe(true)
})

test('without members it has no timer', () => {
  const clock = new CoarseClock(2_000)
  expect(vi.getTimerCount()).toBe(0)
  const one = new Member()
  clock.add(one)
  expect(vi.getTimerCount()).toBe(1)
  clock.delete(one)
  vi.advanceTimersByTime(100)
  expect(vi.getTimerCount()).toBe(0)
  clock.add(one)
  vi.advanceTimersByTime(100)
  expect(one.looks).toBe(1)
})

test('a closed clock has no timer and looks at no member', () => {
  const clock = new CoarseClock(2_000)
  const one = new Member()
  clock.add(one)
  clock.close()
  vi.advanceTimersByTime(1_000)
  expect([vi.getTimerCount(), one.looks]).toEqual([0, 0])
})
