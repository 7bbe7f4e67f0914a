import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { type Placed, PlacedList } from '../../../../src/proxy/exchange/placed-list.ts'

const exchange = (): Placed => ({ place: -1 })

describe('PlacedList', () => {
  test('holds the exchanges that were added and not deleted, in whatever order they end', () => {
    const list = new PlacedList<Placed>()
    const [a, b, c, d] = [exchange(), exchange(), exchange(), exchange()]
    for (const one of [a, b, c, d]) list.add(one)
    list.delete(a)
    list.delete(c)
    expect(new Set(list.all)).toEqual(new Set([b, d]))
    list.delete(d)
    list.delete(b)
    expect(list.all).toEqual([])
  })

  test('allows an exchange to be deleted twice, or without having been added', () => {
    const list = new PlacedList<Placed>()
    const [a, b] = [exchange(), exchange()]
    list.add(a)
    list.delete(b)
    list.delete(a)
    list.add(b)
    list.delete(a)
    expect(list.all).toEqual([b])
  })

  test('lets the young generation collect exchanges that have ended', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as (options: { type: 'minor' | 'major' }) => void
    const list = new PlacedList<Placed>()
    const churn = (count: number) => {
      const lately: Placed[] = []
      for (let at = 0; at < count; at += 1) {
        const one = { ...exchange(), weight: new Array(512).fill(at) }
        list.add(one)
        lately.push(one)
        const ended = lately.length > 64 ? lately.shift() : undefined
        if (ended !== undefined) list.delete(ended)
      }
      for (const one of lately) list.delete(one)
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
