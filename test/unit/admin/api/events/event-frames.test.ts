import { describe, expect, test } from 'vitest'
import { EventFrames } from '../../../../../src/admin/api/events/event-frames.ts'
import { Journal } from '../../../../../src/supervise/journal/journal.ts'
import type { Overview } from '../../../../../src/supervise/views/overview.ts'

/** Frames of a run `abc` whose journal contains `entries` entries: one arrival, then moves. */
function framesOf(entries: number) {
  const journal = new Journal({ now: () => 0 })
  for (let n = 1; n < entries; n++)
    journal.record({
      actor: 'w',
      chart: 'c',
      parent: null,
      event: 'e',
      sender: null,
      state: `s${n}`,
      edges: [],
      isIgnored: false,
      digest: {},
    })
  const overview = { workers: () => [] } as unknown as Overview
  return new EventFrames({ run: 'abc', journal, overview, now: () => 0 })
}

const placesIn = (text: string) => [...text.matchAll(/^id: abc\.(\d+)$/gm)].map(([, seq]) => Number(seq))

describe('a returning viewer', () => {
  test('receives the entries it has missed and no others', () => {
    const text = framesOf(10).greeting('abc.6')
    expect(text).not.toContain('event: reset')
    expect(placesIn(text)).toEqual([7, 8, 9, 10])
  })

  test('receives nothing if there are no new entries', () => {
    expect(placesIn(framesOf(10).greeting('abc.10'))).toEqual([])
  })

  test('is reset if it has missed more entries than are replayed', () => {
    const frames = framesOf(2_010)
    expect(placesIn(frames.greeting('abc.10'))).toHaveLength(2_000)
    expect(frames.greeting('abc.9')).toMatch(/^id: abc\.2010\nevent: reset\ndata: \{"reason":"lost"/)
  })

  test.each(['abd.6', 'abc.11', 'abc.', 'abc.-1', '.6', 'abc.6x', 'abc.9999999999999999'])(
    'is reset if its last event id is invalid (%s)',
    (place) => {
      expect(framesOf(10).greeting(place)).toContain('"reason":"lost"')
    },
  )
})
