/** Reads and checks the request metrics of a data plane. */
import { expect } from 'vitest'
import { activeRequests } from '../../../src/telemetry/metrics/series.ts'
import type { TestEdge } from '../daemons/data-plane.ts'
import { until } from '../waiting/until.ts'
import { readSeries, totalOf } from './series.ts'

export const serverOf = (proxy: TestEdge, routes = ['/']) => readSeries(proxy.block(), routes).server
export const clientOf = (proxy: TestEdge) => readSeries(proxy.block()).client
export const untilCounted = (proxy: TestEdge, requests: number) =>
  until('all are counted', () => totalOf(serverOf(proxy)).count === requests)

/** Expects no active request, and each request to be counted once in every metric. */
export function expectCompleteMetrics(proxy: TestEdge, requests: number): void {
  const { count, sizes } = totalOf(serverOf(proxy))
  expect([count, ...sizes, proxy.counters().requestsTotal]).toEqual(Array(4).fill(requests))
  expect(activeRequests([proxy.block()]).every((one) => one === 0)).toBe(true)
  const failed = serverOf(proxy).filter(({ attributes }) => attributes['error.type'] !== undefined)
  expect(totalOf(failed).count).toBe(proxy.counters().requestsFailed)
}
