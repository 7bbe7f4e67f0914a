import { describe, expect, it } from 'vitest'
import { quantileOf } from '../../../src/supervise/quantiles.ts'
import { RequestRates } from '../../../src/supervise/request-rates.ts'

function service() {
  const counts = { requestsTotal: 0, requestsFailed: 0 }
  const buckets = Array<number>(16).fill(0)
  return {
    counts,
    buckets,
    name: 's',
    total: (name: keyof typeof counts) => counts[name],
    durations: () => [...buckets],
  }
}

describe('rates of a service', () => {
  it('are of the latest second', () => {
    const one = service()
    const rates = new RequestRates()
    expect(rates.of('s')).toMatchObject({ perSecond: 0, errors: 0 })
    rates.tick([one], 0, false)
    Object.assign(one.counts, { requestsTotal: 100, requestsFailed: 25 })
    rates.tick([one], 2_000, false)
    expect(rates.of('s')).toEqual({ perSecond: 50, errors: 0.25, p50Ms: null, p99Ms: null })
    rates.tick([one], 3_000, false)
    expect(rates.of('s')).toMatchObject({ perSecond: 0, errors: 0 })
  })

  it('are none, and not less, where counts were lost with a process', () => {
    const one = service()
    const rates = new RequestRates()
    one.counts.requestsTotal = 100
    rates.tick([one], 0, false)
    one.counts.requestsTotal = 90
    rates.tick([one], 1_000, false)
    expect(rates.of('s').perSecond).toBe(0)
  })

  it('tell how long requests took in the latest ten seconds, while somebody watches', () => {
    const one = service()
    const rates = new RequestRates()
    one.buckets[10] = 1_000
    rates.tick([one], 0, true)
    one.buckets[0] = 90
    one.buckets[1] = 10
    rates.tick([one], 1_000, true)
    const { p50Ms, p99Ms } = rates.of('s')
    expect(p50Ms).toBeCloseTo(0.56, 2)
    expect(p99Ms).toBeCloseTo(4.6, 2)
    for (let second = 2; second <= 12; second++) rates.tick([one], second * 1_000, true)
    expect(rates.of('s').p50Ms).toBeNull()
    rates.tick([one], 13_000, false)
    expect(rates.of('s').p99Ms).toBeNull()
  })
})

describe('a quantile of buckets', () => {
  it.each([
    [[0, 0, 0], 0.5, null],
    [[10, 0, 0], 0.5, 0.5],
    [[0, 10, 0], 0.5, 1.5],
    [[5, 5, 0], 0.5, 1],
    [[0, 0, 10], 0.5, 2],
    [[98, 0, 2], 0.99, 2],
  ])('%j at %d is %d', (buckets, share, value) => {
    expect(quantileOf([1, 2], buckets, share)).toBe(value)
  })
})
