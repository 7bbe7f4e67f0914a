import { expect, test } from 'vitest'
import { Backlog, Holding } from '../../../../src/http/h2/backlog.ts'

const mebibyte = 1024 * 1024

function connect(backlog: Backlog) {
  const ended: boolean[] = []
  const holding = new Holding(backlog, () => ended.push(true))
  return { holding, ended }
}

test('a connection has room below its own bound, whatever its streams hold', () => {
  const backlog = new Backlog(64 * mebibyte)
  const [one, other] = [connect(backlog), connect(backlog)]
  one.holding.change(mebibyte - 1)
  expect(one.holding.hasRoom).toBe(true)
  one.holding.change(1)
  expect([one.holding.hasRoom, other.holding.hasRoom]).toEqual([false, true])
  const done: string[] = []
  one.holding.wait(() => done.push('first'))
  one.holding.wait(() => done.push('second'))
  one.holding.change(-1)
  expect(done).toEqual(['first', 'second'])
})

test('waiting streams continue only while there is room', () => {
  const { holding } = connect(new Backlog(64 * mebibyte))
  holding.change(mebibyte)
  const done: number[] = []
  for (let at = 0; at < 3; at += 1)
    holding.wait(() => {
      done.push(at)
      holding.change(mebibyte / 2)
    })
  holding.change(-mebibyte / 2)
  expect(done).toEqual([0])
  holding.change(-mebibyte)
  expect(done).toEqual([0, 1, 2])
})

test('a forgotten task is not called', () => {
  const { holding } = connect(new Backlog(64 * mebibyte))
  holding.change(mebibyte)
  const task = () => expect.unreachable()
  holding.wait(task)
  holding.forget(task)
  holding.change(-mebibyte)
})

test("at the worker's bound no connection has room; below it others continue", () => {
  const backlog = new Backlog(4 * mebibyte)
  const all = Array.from({ length: 5 }, () => connect(backlog))
  for (const { holding } of all.slice(0, 4)) holding.change(mebibyte)
  const last = all[4] as ReturnType<typeof connect>
  expect([backlog.isFull, last.holding.isFull, last.holding.hasRoom]).toEqual([true, false, false])
  let isCalled = false
  last.holding.wait(() => {
    isCalled = true
  })
  all[0]?.holding.change(-1)
  expect(isCalled).toBe(true)
})

test('while the worker is full, a connection that takes nothing for five seconds is ended, and only then', () => {
  const backlog = new Backlog(4 * mebibyte)
  const [one, other] = [connect(backlog), connect(backlog)]
  const now = performance.now()
  one.holding.change(mebibyte)
  one.holding.look(now + 60_000, 0)
  expect(one.ended).toEqual([])
  other.holding.change(3 * mebibyte)
  one.holding.look(now + 4_000, 0)
  expect(one.ended).toEqual([])
  one.holding.look(now + 6_000, 0)
  expect(one.ended).toEqual([true])
  expect(backlog.bytes).toBe(3 * mebibyte)
  // There is room again, so the other connection may be slow.
  other.holding.look(now + 60_000, 0)
  expect(other.ended).toEqual([])
})

test("at twice the worker's bound the connection with the most bytes is ended at once", () => {
  const backlog = new Backlog(4 * mebibyte)
  const [small, large] = [connect(backlog), connect(backlog)]
  large.holding.change(5 * mebibyte)
  small.holding.change(3 * mebibyte)
  expect([small.ended, large.ended]).toEqual([[], [true]])
  expect(backlog.bytes).toBe(3 * mebibyte)
  // Bytes it frees afterwards were already subtracted.
  large.holding.change(-5 * mebibyte)
  large.holding.close()
  expect(backlog.bytes).toBe(3 * mebibyte)
})

test('unread upload bytes count for the worker, but block no response of their connection', () => {
  const backlog = new Backlog(4 * mebibyte)
  const { holding } = connect(backlog)
  holding.look(0, mebibyte)
  expect([backlog.bytes, holding.isFull, holding.hasRoom]).toEqual([mebibyte, false, true])
  holding.look(0, 0)
  expect(backlog.bytes).toBe(0)
})

test('a closed connection holds nothing, and its streams are not woken', () => {
  const backlog = new Backlog(4 * mebibyte)
  const { holding } = connect(backlog)
  holding.change(mebibyte)
  holding.wait(() => expect.unreachable())
  holding.close()
  expect(backlog.bytes).toBe(0)
  holding.change(-mebibyte)
  expect(backlog.bytes).toBe(0)
})
