import { describe, expect, test, vi } from 'vitest'
import { type Noted, TrafficRecorder } from '../../../../src/proxy/exchange/traffic.ts'
import type { TrafficAnswer } from '../../../../src/telemetry/traffic-record.ts'
import { accessRecord } from '../../../kit/telemetry/access-record.ts'

const record = (more: Partial<Noted> = {}): Noted => ({
  ...accessRecord,
  target: '/',
  host: 'h.test',
  fields: [],
  upstream: null,
  attempts: 0,
  received: 10,
  sent: 20,
  headMs: 1,
  startedAt: 100,
  connectedAt: 1,
  answeredAt: 150,
  endedAt: 200,
  ...more,
})

const traffic = () => new TrafficRecorder({ stateOf: (service) => `state of ${service}`, now: () => 7 })

function all(of: TrafficRecorder, more: { after?: number; watchMs?: number; limit?: number } = {}) {
  const answer = of.ask({ kind: 'requests', after: 0, limit: 1000, watchMs: 0, ...more })
  return answer as Extract<TrafficAnswer, { kind: 'requests' }>
}

describe('without a watch', () => {
  test.each<[string, Partial<Noted>, boolean]>([
    ['a good exchange is not kept', { status: 200 }, false],
    ['a redirection is not kept', { status: 304 }, false],
    ['a 404 of a file is kept', { status: 404 }, true],
    ['a 502 is kept', { status: 502, code: 'UPSTREAM_REFUSED' }, true],
    ['an exchange cut off after a good head is kept', { status: 200, code: 'CLIENT_ABORTED' }, true],
  ])('%s', (_, more, isKept) => {
    const of = traffic()
    of.note(record(more))
    expect(all(of).records).toHaveLength(isKept ? 1 : 0)
  })

  test('a kept record has the outcome, the state of the chart and the measured times', () => {
    const of = traffic()
    of.note(record({ status: 404, requestId: 'x-1', fields: ['Content-Length', '5'], reason: 'why' }))
    expect(all(of).records).toEqual([
      expect.objectContaining({
        seq: 1,
        at: 7,
        requestId: 'x-1',
        state: 'state of reverse',
        connectMs: null,
        answerMs: 50,
        durationMs: 100,
        length: 5,
        reason: 'why',
      }),
    ])
    expect(of.ask({ kind: 'request', key: 'x-1' })).toMatchObject({ record: { seq: 1 } })
    expect(of.ask({ kind: 'request', key: 1 })).toMatchObject({ record: { requestId: 'x-1' } })
    expect(of.ask({ kind: 'request', key: 'other' })).toEqual({ kind: 'request', record: null })
  })
})

describe('a flood of failures', () => {
  test('keeps the latest ones, up to a number', () => {
    const of = traffic()
    for (let at = 0; at < 5_000; at += 1) of.note(record({ status: 429 }))
    const { records, last } = all(of)
    expect(last).toBe(5_000)
    expect(records).toHaveLength(256)
    expect(records[0]?.seq).toBe(4_745)
  })

  test('keeps the latest ones, up to a size', () => {
    const of = traffic()
    const long = 'x'.repeat(8_000)
    for (let at = 0; at < 5_000; at += 1)
      of.note(
        record({
          status: 414,
          target: long,
          host: long,
          reason: long,
          upstream: long,
          requestId: 'x'.repeat(128),
        }),
      )
    const { records } = all(of)
    const characters = JSON.stringify(records).length
    expect(records.length).toBeGreaterThan(50)
    expect(records.length).toBeLessThan(120)
    expect(characters).toBeLessThan(256 * 1024)
    expect(records.every(({ target }) => target?.length === 512)).toBe(true)
  })
})

describe('a watch', () => {
  test('keeps a limited number of exchanges per second and counts the rest', () => {
    vi.useFakeTimers()
    try {
      const of = traffic()
      all(of, { watchMs: 5_000 })
      for (let at = 0; at < 120; at += 1) of.note(record())
      expect(all(of)).toMatchObject({ isWatched: true, skipped: 70 })
      expect(all(of).records).toHaveLength(50)
      vi.advanceTimersByTime(1_000)
      for (let at = 0; at < 10; at += 1) of.note(record())
      expect(all(of, { after: 50 }).records).toHaveLength(10)
    } finally {
      vi.useRealTimers()
    }
  })

  test('ends unless it is renewed, and drops the good exchanges', () => {
    vi.useFakeTimers()
    try {
      const of = traffic()
      all(of, { watchMs: 1_000 })
      of.note(record())
      vi.advanceTimersByTime(900)
      expect(all(of, { watchMs: 1_000 }).records).toHaveLength(1)
      vi.advanceTimersByTime(900)
      expect(of.isWatched).toBe(true)
      vi.advanceTimersByTime(200)
      expect(of.isWatched).toBe(false)
      expect(all(of).records).toHaveLength(0)
    } finally {
      vi.useRealTimers()
    }
  })

  test('lasts a minute at most, whatever is requested', () => {
    vi.useFakeTimers()
    try {
      const of = traffic()
      all(of, { watchMs: 1e9 })
      vi.advanceTimersByTime(60_000)
      expect(of.isWatched).toBe(false)
    } finally {
      vi.useRealTimers()
    }
  })
})
