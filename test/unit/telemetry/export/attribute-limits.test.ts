import { resourceFromAttributes } from '@opentelemetry/resources'
import { describe, expect, test } from 'vitest'
import { limitAttributes } from '../../../../src/telemetry/export/attribute-limits.ts'
import { readableLogRecord } from '../../../../src/telemetry/export/log-export.ts'
import { readableSpan } from '../../../../src/telemetry/export/span-export.ts'
import type { SpanRecord } from '../../../../src/telemetry/trace/span-record.ts'

const noEnd = Number.POSITIVE_INFINITY
const origin = { resource: resourceFromAttributes({}), instrumentationScope: { name: 'test' } }

describe('attribute limits', () => {
  test('leave attributes within them unchanged', () => {
    const attributes = { a: 'text', b: 12345 }
    const limited = limitAttributes(attributes, { maxAttributes: 2, maxCharacters: 4 })
    expect(limited.attributes).toBe(attributes)
    expect(limited.dropped).toBe(0)
  })

  test('keep the first attributes and shorten only texts', () => {
    const attributes = { a: 'text', b: 12345, c: true }
    expect(limitAttributes(attributes, { maxAttributes: 2, maxCharacters: 2 })).toEqual({
      attributes: { a: 'te', b: 12345 },
      dropped: 1,
    })
    expect(limitAttributes(attributes, { maxAttributes: 0, maxCharacters: noEnd })).toEqual({
      attributes: {},
      dropped: 3,
    })
  })
})

test('a span keeps its allowed attributes, events and links and reports the number dropped', () => {
  const event = (name: string) => ({ name, atMs: 1, attributes: { why: 'because', at: 1 } })
  const record: SpanRecord = {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    parentSpanId: null,
    isParentRemote: false,
    traceState: null,
    kind: 'server',
    name: 'GET',
    startMs: 1,
    endMs: 2,
    status: 'unset',
    attributes: { a: 'first', b: 'second', c: 'third' },
    events: [event('one'), event('two'), event('three')],
    links: [{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', isSampled: true }],
  }
  const limits = { maxAttributes: 2, maxCharacters: 3, maxEvents: 1, maxEventAttributes: 1, maxLinks: 0 }
  expect(readableSpan(record, origin, limits)).toMatchObject({
    attributes: { a: 'fir', b: 'sec' },
    droppedAttributesCount: 1,
    events: [{ name: 'one', attributes: { why: 'bec' }, droppedAttributesCount: 1 }],
    droppedEventsCount: 2,
    links: [],
    droppedLinksCount: 1,
  })
})

test('a log record keeps its allowed attributes and reports the number dropped', () => {
  const record = {
    atMs: 1,
    level: 'info',
    message: 'whole',
    attributes: { a: 'first', gone: null, b: { c: 1 } },
    event: null,
    traceId: null,
    spanId: null,
  } as const
  expect(readableLogRecord(record, origin, { maxAttributes: 1, maxCharacters: 3 }, 1)).toMatchObject({
    body: 'whole',
    attributes: { a: 'fir' },
    droppedAttributesCount: 1,
  })
})
