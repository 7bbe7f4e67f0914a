import { describe, expect, test } from 'vitest'
import { type ErrorCode, errorTable } from '../../../../src/errors.ts'
import {
  addTotals,
  clearGauges,
  copyUsed,
  createCounterBlock,
  maxClientSeries,
  maxServerSeries,
  openCounterBlock,
} from '../../../../src/telemetry/metrics/counters.ts'
import { Meter } from '../../../../src/telemetry/metrics/meter.ts'
import {
  activeRequests,
  addSeries,
  coarser,
  mergeSeries,
  type Series,
  SeriesPlaces,
  tunnelLives,
} from '../../../../src/telemetry/metrics/series.ts'
import {
  attributesOf,
  clientKey,
  errorId,
  maxRoutes,
  methodId,
  methods,
  routeId,
  routesOf,
  serverKey,
} from '../../../../src/telemetry/metrics/series-key.ts'
import { readSeries, totalOf } from '../../../kit/telemetry/series.ts'

const plainKey = (status: number, route = 1) => serverKey(methodId('GET'), false, 11, status, 0, route)

describe('a series key', () => {
  test('converts back to the attributes that it was made from', () => {
    const key = serverKey(methodId('POST'), true, 20, 502, errorId('UPSTREAM_REFUSED'), routeId(2))
    expect(attributesOf(key, ['/', '/a', '/b'])).toEqual({
      'http.request.method': 'POST',
      'url.scheme': 'https',
      'http.response.status_code': '502',
      'error.type': 'UPSTREAM_REFUSED',
      'http.route': '/b',
      'network.protocol.version': '2',
    })
  })

  test('is unique for every combination of attributes, within 31 bits', () => {
    const codes: (ErrorCode | null)[] = [null, ...(Object.keys(errorTable) as ErrorCode[])]
    const keys = new Set<number>()
    let made = 0
    for (const method of methods) {
      for (const isSecure of [false, true]) {
        for (const version of [0, 10, 11, 20]) {
          for (const error of [0, ...codes.map(errorId)]) {
            for (const [status, route] of [
              [0, 0],
              [999, maxRoutes + 1],
              [200, 1],
            ] as const) {
              keys.add(serverKey(methodId(method), isSecure, version, status, error, route))
              made += 1
            }
          }
        }
        for (const status of [0, 200, 999]) keys.add(clientKey(methodId(method), status, 0))
      }
      made += 3
    }
    expect(keys.size).toBe(made)
    expect(Math.max(...keys)).toBeLessThan(2 ** 31)
    expect(Math.min(...keys)).toBeGreaterThanOrEqual(0)
  })

  test('has no attribute for a missing value', () => {
    expect(attributesOf(serverKey(methodId('BREW'), false, 0, 0, 0, 0), [])).toEqual({
      'http.request.method': '_OTHER',
      'url.scheme': 'http',
    })
  })

  test('has the status as its error type if there is no error code', () => {
    const key = clientKey(methodId('GET'), 404, errorId(null))
    expect(attributesOf(key, [])).toMatchObject({ 'error.type': '404' })
  })

  test('has the routes of its service', () => {
    const mounts = [{ path: '/a' }, { path: '/b' }]
    expect(['forward', 'reverse', 'static'].map((type) => routesOf({ type, mounts }))).toEqual([
      ['proxy', 'CONNECT'],
      ['/'],
      ['/a', '/b'],
    ])
  })

  test('has one route for all mounts beyond the limit', () => {
    const key = serverKey(1, false, 11, 200, 0, routeId(5_000))
    expect(attributesOf(key, [])['http.route']).toBe('_OTHER')
  })
})

describe('a meter', () => {
  test('counts a value in the first bucket whose bound it does not exceed', () => {
    const block = createCounterBlock()
    const meter = new Meter(block)
    for (const seconds of [0.0005, 0.001, 0.005, 0.0051, 10, 11]) meter.finished(plainKey(200), seconds)
    const [series] = readSeries(block).server
    expect(series?.duration.buckets).toEqual([2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    expect(series?.duration.sum).toBeCloseTo(21.0116)
  })

  test('keeps series apart and adds up the values of each', () => {
    const block = createCounterBlock()
    const meter = new Meter(block)
    for (const status of [200, 404, 200]) meter.sizes(meter.finished(plainKey(status), 0), 10, 1_000)
    meter.attempted(clientKey(methodId('GET'), 200, 0), 0.5)
    const { server, client } = readSeries(block)
    expect(server.map(({ duration, sent }) => [duration.count, sent.sum])).toEqual([
      [2, 2_000],
      [1, 1_000],
    ])
    expect(client).toMatchObject([{ duration: { count: 1, sum: 0.5 } }])
  })

  test('limits the number of series and counts all further ones in one', () => {
    const block = createCounterBlock()
    const meter = new Meter(block)
    for (let n = 0; n < 3_000; n += 1) {
      meter.sizes(meter.finished(plainKey(n % 1_000, Math.floor(n / 1_000)), 1), 1, 1)
      meter.attempted(clientKey(0, n % 1_000, 0), 1)
    }
    const { server, client } = readSeries(block)
    expect(server.length).toBe(maxServerSeries + 1)
    expect(client.length).toBe(maxClientSeries + 1)
    expect(totalOf(server)).toEqual({ count: 3_000, received: 3_000, sent: 3_000, sizes: [3_000, 3_000] })
    const overflow = server.find(({ attributes }) => attributes['otel.metric.overflow'] === true)
    expect(overflow?.duration.count).toBe(3_000 - maxServerSeries)
    expect(totalOf(client).count).toBe(3_000)
  })

  test('shows active requests while they run', () => {
    const block = createCounterBlock()
    const meter = new Meter(block)
    meter.active(methodId('GET'), true, 1)
    meter.active(methodId('GET'), true, 1)
    meter.active(methodId('GET'), true, -1)
    expect(activeRequests([block])[2 * methodId('GET') + 1]).toBe(1)
    clearGauges(block)
    expect(activeRequests([block]).every((one) => one === 0)).toBe(true)
  })
})

describe('the series that main reads', () => {
  test('keep the totals of ended instances', () => {
    const ended: Series = new Map()
    const places = new SeriesPlaces()
    const totals = createCounterBlock()
    for (let n = 0; n < 2; n += 1) {
      const block = createCounterBlock()
      const meter = new Meter(block)
      meter.finished(plainKey(200 + n), 1)
      meter.finished(plainKey(200), 1)
      meter.tunnelEnded(7)
      addTotals(totals, block)
      addSeries(ended, block, places)
    }
    const series: Series = new Map()
    mergeSeries(series, ended)
    mergeSeries(series, ended)
    expect([...series.values()].map(([sum]) => sum)).toEqual([6, 2])
    expect(tunnelLives([totals])).toMatchObject({ sum: 14, count: 2 })
  })

  test('are the same in the copy that a process sends', () => {
    const block = createCounterBlock()
    new Meter(block).finished(plainKey(204), 3)
    const copy = copyUsed(block)
    expect(copy.length).toBeLessThan(block.length / 100)
    const received = createCounterBlock()
    openCounterBlock(received.buffer).set(copy)
    expect(readSeries(received)).toEqual(readSeries(block))
  })

  test('have the buckets of the conventions once the finest is merged into the next', () => {
    const block = createCounterBlock()
    const meter = new Meter(block)
    for (const seconds of [0.0005, 0.002, 20]) meter.finished(plainKey(200), seconds)
    const duration = readSeries(block).server[0]?.duration
    expect(duration && coarser(duration)).toMatchObject({ count: 3, buckets: [2, ...Array(13).fill(0), 1] })
  })

  test('stop before one that is still being opened', () => {
    const block = createCounterBlock()
    const meter = new Meter(block)
    meter.finished(plainKey(200), 1)
    const whole = copyUsed(block)
    meter.finished(plainKey(201), 1)
    const torn = copyUsed(block)
    // The new length has arrived, but the key of the new series has not.
    torn[whole.length] = 0
    const received = createCounterBlock()
    received.set(torn)
    expect(readSeries(received).server.length).toBe(1)
  })
})
