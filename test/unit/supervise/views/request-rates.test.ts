import { describe, expect, test, vi } from 'vitest'
import { quantileOf } from '../../../../src/supervise/views/quantiles.ts'
import { RequestRates } from '../../../../src/supervise/views/request-rates.ts'

function service() {
  const counts = { requestsTotal: 0, requestsFailed: 0, requestsFailedByClient: 0 }
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
  test('cover the latest second', () => {
    const one = service()
    const rates = new RequestRates()
    expect(rates.of(one)).toMatchObject({ perSecond: 0, errors: 0 })
    rates.tick([one], 0, false)
    Object.assign(one.counts, { requestsTotal: 100, requestsFailed: 25 })
    rates.tick([one], 2_000, false)
    expect(rates.of(one)).toEqual({ perSecond: 50, errors: 0.25, p50Ms: null, p99Ms: null })
    rates.tick([one], 3_000, false)
    expect(rates.of(one)).toMatchObject({ perSecond: 0, errors: 0 })
  })

  test('exclude errors caused by clients', () => {
    const one = service()
    const rates = new RequestRates()
    rates.tick([one], 0, false)
    Object.assign(one.counts, { requestsTotal: 10, requestsFailed: 6, requestsFailedByClient: 5 })
    rates.tick([one], 1_000, false)
    expect(rates.of(one).errors).toBe(0.1)
  })

  test('are zero, not negative, where counts were lost with a process', () => {
    const one = service()
    const rates = new RequestRates()
    one.counts.requestsTotal = 100
    rates.tick([one], 0, false)
    one.counts.requestsTotal = 90
    rates.tick([one], 1_000, false)
    expect(rates.of(one).perSecond).toBe(0)
  })

  test('cover the latest ten seconds of durations while there is a viewer', () => {
    const one = service()
    const rates = new RequestRates()
    one.buckets[10] = 1_000
    rates.tick([one], 0, true)
    one.buckets[0] = 90
    one.buckets[1] = 10
    rates.tick([one], 1_000, true)
    const { p50Ms, p99Ms } = rates.of(one)
    expect(p50Ms).toBeCloseTo(0.56, 2)
    expect(p99Ms).toBeCloseTo(4.6, 2)
    for (let second = 2; second <= 12; second++) rates.tick([one], second * 1_000, true)
    expect(rates.of(one).p50Ms).toBeNull()
  })

  test('cover ten to twenty seconds of durations without a viewer', () => {
    const one = service()
    const rates = new RequestRates()
    one.buckets[10] = 1_000
    const durations = vi.fn(one.durations)
    const counted = { ...one, durations }
    for (let second = 0; second <= 25; second++) {
      if (second === 12) Object.assign(one.buckets, { 0: 90, 1: 10 })
      rates.tick([counted], second * 1_000, false)
    }
    // Without a viewer, adding up many series once a second would be wasted work.
    expect(durations).toHaveBeenCalledTimes(3)
    expect(rates.of(counted).p50Ms).toBeCloseTo(0.56, 2)
    expect(rates.of(counted).p99Ms).toBeCloseTo(4.6, 2)
    for (let second = 26; second <= 40; second++) rates.tick([counted], second * 1_000, false)
    expect(rates.of(counted).p50Ms).toBeNull()
  })

  test('are available at once for a new viewer, and after the last viewer has left', () => {
    const one = service()
    const rates = new RequestRates()
    for (let second = 0; second <= 12; second++) rates.tick([one], second * 1_000, false)
    one.buckets[0] = 100
    rates.tick([one], 13_000, true)
    expect(rates.of(one).p50Ms).toBeCloseTo(0.5, 1)
    rates.tick([one], 14_000, false)
    expect(rates.of(one).p50Ms).toBeCloseTo(0.5, 1)
  })
})

describe('a quantile of buckets', () => {
  test.each([
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
