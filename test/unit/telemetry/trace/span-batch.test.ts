import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { SpanBatch } from '../../../../src/telemetry/trace/span-batch.ts'
import type { SpanRecord } from '../../../../src/telemetry/trace/span-record.ts'

const span = (name: string): SpanRecord => ({
  traceId: '1'.repeat(32),
  spanId: '2'.repeat(16),
  parentSpanId: null,
  isParentRemote: false,
  traceState: null,
  kind: 'server',
  name,
  startMs: 1,
  endMs: 2,
  status: 'unset',
  attributes: {},
  events: [],
  links: [],
})

const spans = (count: number) => Array.from({ length: count }, (_, at) => span(String(at)))

function setUp(maxPerSecond = 1_000) {
  const posted: (readonly SpanRecord[])[] = []
  let dropped = 0
  let now = 5
  const batch = new SpanBatch({
    maxPerSecond,
    post: (some) => posted.push(some),
    onDropped: (count) => {
      dropped += count
    },
    now: () => now,
  })
  const pass = (ms: number) => {
    now += ms
  }
  return { batch, posted, pass, dropped: () => dropped }
}

describe('batches of spans', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  test('are posted when they contain 64 spans', () => {
    const { batch, posted } = setUp()
    for (const one of spans(63)) batch.add([one])
    expect(posted).toEqual([])
    batch.add([span('last')])
    expect(posted.map((some) => some.length)).toEqual([64])
  })

  test('are posted a second after their first span', () => {
    const { batch, posted } = setUp()
    batch.add(spans(2))
    vi.advanceTimersByTime(999)
    expect(posted).toEqual([])
    batch.add(spans(1))
    vi.advanceTimersByTime(1)
    expect(posted.map((some) => some.length)).toEqual([3])
    vi.advanceTimersByTime(10_000)
    expect(posted).toHaveLength(1)
  })

  test('are posted at once by a flush, unless they are empty', () => {
    const { batch, posted } = setUp()
    batch.flush()
    batch.add(spans(1))
    batch.flush()
    batch.flush()
    expect(posted.map((some) => some.length)).toEqual([1])
  })
})

describe('the limit of spans per second', () => {
  test('drops and counts the spans beyond it and starts again each second', () => {
    const { batch, pass, dropped } = setUp(4)
    expect([batch.admits(2), batch.admits(2), batch.admits(2)]).toEqual([true, true, false])
    expect(dropped()).toBe(2)
    pass(999)
    expect(batch.admits(1)).toBe(false)
    pass(1)
    expect(batch.admits(2)).toBe(true)
    expect(dropped()).toBe(3)
  })

  test('admits an exchange as a whole and charges the excess to the next second', () => {
    const { batch, pass } = setUp(3)
    expect([batch.admits(2), batch.admits(2), batch.admits(1)]).toEqual([true, true, false])
    pass(1_000)
    expect([batch.admits(2), batch.admits(1)]).toEqual([true, false])
  })
})
