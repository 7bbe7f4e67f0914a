import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Log } from '../../../../src/telemetry/log/log.ts'
import { LogBounds } from '../../../../src/telemetry/log/log-bounds.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function bounds(maxLines: number) {
  const lines: string[] = []
  const write: Log = (level, message, fields) =>
    lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`)
  return { lines, bounded: new LogBounds(write, { maxLines }) }
}

test('passes the first lines of a kind and reports the number of others after the window', () => {
  const { lines, bounded } = bounds(2)
  for (let at = 0; at < 1000; at += 1) bounded.log('warn', 'exchange failed', { code: 'A', at })
  expect(lines).toEqual([
    'warn exchange failed {"code":"A","at":0}',
    'warn exchange failed {"code":"A","at":1}',
  ])
  vi.advanceTimersByTime(10_000)
  expect(lines.slice(2)).toEqual(['warn exchange failed: 998 more in the last 10 s {"code":"A"}'])
})

test('starts again with the next window', () => {
  const { lines, bounded } = bounds(1)
  bounded.log('warn', 'a')
  vi.advanceTimersByTime(10_000)
  bounded.log('warn', 'a')
  bounded.log('warn', 'a')
  vi.advanceTimersByTime(10_000)
  expect(lines).toEqual(['warn a {}', 'warn a {}', 'warn a: 1 more in the last 10 s {}'])
})

test('counts codes, messages and levels separately', () => {
  const { lines, bounded } = bounds(1)
  for (let at = 0; at < 2; at += 1) {
    bounded.log('warn', 'a', { code: 'A' })
    bounded.log('warn', 'a', { code: 'B' })
    bounded.log('error', 'a', { code: 'A' })
    bounded.log('warn', 'b', { code: 'A' })
  }
  expect(lines).toHaveLength(4)
})

test('reports no kind without suppressed lines and runs no timer without lines', () => {
  const { lines, bounded } = bounds(1)
  expect(vi.getTimerCount()).toBe(0)
  bounded.log('info', 'a')
  vi.advanceTimersByTime(10_000)
  expect(lines).toEqual(['info a {}'])
  expect(vi.getTimerCount()).toBe(0)
})

test('reports the suppressed lines when it is closed', () => {
  const { lines, bounded } = bounds(1)
  bounded.log('warn', 'a')
  bounded.log('warn', 'a')
  bounded.close()
  expect(lines[1]).toBe('warn a: 1 more in the last 10 s {}')
  expect(vi.getTimerCount()).toBe(0)
})

test('tracks a bounded number of kinds and counts all others as one', () => {
  const { lines, bounded } = bounds(1)
  for (let at = 0; at < 5_000; at += 1) bounded.log('warn', `kind ${at}`)
  expect(lines.length).toBe(201)
  bounded.close()
  expect(lines.at(-1)).toMatch(/^warn other lines: 4799 more/)
})

test('divides ten lines among the instances of a worker, at least one line each', () => {
  for (const [instances, expected] of [
    [1, 10],
    [4, 2],
    [512, 1],
  ] as const) {
    const lines: string[] = []
    const bounded = LogBounds.ofInstance(instances, (_, message) => lines.push(message))
    for (let at = 0; at < 50; at += 1) bounded.log('warn', 'a')
    expect(lines.length).toBe(expected)
    bounded.close()
  }
})
