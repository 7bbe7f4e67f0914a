/** Converts a span record to what the SDK's batch processor and exporters take. */
import { createTraceState, type HrTime, type SpanContext } from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { SpanRecord } from '../trace/span-record.ts'
import { limitAttributes, type SpanLimits } from './attribute-limits.ts'

/** Shared by all spans, because the exporter groups by reference. */
export interface Origin {
  readonly resource: Resource
  readonly instrumentationScope: InstrumentationScope
}

/** Values of the API's enums, copied to avoid loading them. */
const kinds = { server: 1, client: 2 } as const
const statuses = { unset: 0, error: 2 } as const
const sampled = 1

/** Converts milliseconds with a fraction to seconds and nanoseconds. */
export function hrTimeOf(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  const nanoseconds = Math.round((ms - seconds * 1000) * 1e6)
  return nanoseconds < 1e9 ? [seconds, nanoseconds] : [seconds + 1, 0]
}

export function readableSpan(record: SpanRecord, origin: Origin, limits: SpanLimits): ReadableSpan {
  const { maxEvents, maxEventAttributes, maxLinks, maxCharacters } = limits
  const { attributes, dropped } = limitAttributes(record.attributes, limits)
  const ofEvents = { maxAttributes: maxEventAttributes, maxCharacters }
  const { traceId, spanId, parentSpanId, traceState } = record
  const state = traceState === null ? {} : { traceState: createTraceState(traceState) }
  // The batch processor drops spans without SAMPLED.
  const context: SpanContext = { traceId, spanId, traceFlags: sampled, ...state }
  const parent =
    parentSpanId === null
      ? {}
      : {
          parentSpanContext: {
            traceId,
            spanId: parentSpanId,
            traceFlags: sampled,
            isRemote: record.isParentRemote,
          },
        }
  return {
    name: record.name,
    kind: kinds[record.kind],
    spanContext: () => context,
    ...parent,
    startTime: hrTimeOf(record.startMs),
    endTime: hrTimeOf(record.endMs),
    duration: hrTimeOf(Math.max(0, record.endMs - record.startMs)),
    status: { code: statuses[record.status] },
    attributes,
    events: record.events.slice(0, maxEvents).map(({ name, atMs, attributes: all }) => {
      const own = limitAttributes(all, ofEvents)
      return {
        name,
        time: hrTimeOf(atMs),
        attributes: own.attributes,
        droppedAttributesCount: own.dropped,
      }
    }),
    links: record.links.slice(0, maxLinks).map((link) => ({
      context: { traceId: link.traceId, spanId: link.spanId, traceFlags: link.isSampled ? sampled : 0 },
      attributes: {},
    })),
    ended: true,
    resource: origin.resource,
    instrumentationScope: origin.instrumentationScope,
    droppedAttributesCount: dropped,
    droppedEventsCount: Math.max(0, record.events.length - maxEvents),
    droppedLinksCount: Math.max(0, record.links.length - maxLinks),
  }
}
