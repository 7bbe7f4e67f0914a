import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import type { Exchange } from '../../../../src/proxy/exchange/exchange.ts'
import { Running } from '../../../../src/proxy/exchange/running.ts'

const exchange = () => ({ place: -1 }) as Exchange

describe('Running', () => {
  test('holds the exchanges that were added and not deleted, in whatever order they end', () => {
    const running = new Running()
    const [a, b, c, d] = [exchange(), exchange(), exchange(), exchange()]
    for (const one of [a, b, c, d]) running.add(one)
    running.delete(a)
    running.delete(c)
    expect(new Set(running.all)).toEqual(new Set([b, d]))
    running.delete(d)
    running.delete(b)
    expect(running.all).toEqual([])
  })

  test('allows an exchange to be deleted twice, or without having been added', () => {
    const running = new Running()
    const [a, b] = [exchange(), exchange()]
    running.add(a)
    running.delete(b)
    running.delete(a)
    running.add(b)
    running.delete(a)
    expect(running.all).toEqual([b])
  })

  test('lets the young generation collect exchanges that have ended', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void
    const running = new Running()
    const churn = (count: number) => {
      const lately: Exchange[] = []
      for (let at = 0; at < count; at += 1) {
        const one = { ...exchange(), weight: new Array(512).fill(at) } as unknown as Exchange
        running.add(one)
        lately.push(one)
        const ended = lately.length > 64 ? lately.shift() : undefined
        if (ended !== undefined) running.delete(ended)
      }
      for (const one of lately) running.delete(one)
    }
    churn(200)
    collect({ type: 'minor' })
    collect({ type: 'minor' })
    collect({ type: 'major' })
    const before = getHeapStatistics().used_heap_size
    churn(10_000)
    collect({ type: 'minor' })
    // 10,000 exchanges of 4 kB were added; a Set kept all 40 MB of them.
    expect(getHeapStatistics().used_heap_size - before).toBeLessThan(8_000_000)
  })
})
