/** Converts a log record to what the SDK's batch processor and exporters take. */
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { LogLevel } from '../log/log.ts'
import type { LogRecord } from '../log/log-record.ts'
import { type AttributeLimits, limitAttributes } from './attribute-limits.ts'
import { hrTimeOf, type Origin } from './span-export.ts'

/** Severity numbers of the Logs Data Model: DEBUG, INFO, WARN, ERROR. */
const severities: Readonly<Record<LogLevel, number>> = { debug: 5, info: 9, warn: 13, error: 17 }

/** Maximum length of a value. The SDK's own logger, which would apply limits, is not used. */
const maxCharacters = 4_096

export function readableLogRecord(
  record: LogRecord,
  origin: Origin,
  limits: AttributeLimits,
  observedMs: number,
): ReadableLogRecord {
  const { traceId, spanId } = record
  const { attributes, dropped } = limitAttributes(attributesOf(record.attributes), limits)
  const context =
    traceId === null
      ? {}
      : { spanContext: { traceId, spanId: spanId ?? '', traceFlags: spanId === null ? 0 : 1 } }
  return {
    hrTime: hrTimeOf(record.atMs),
    hrTimeObserved: hrTimeOf(observedMs),
    severityNumber: severities[record.level],
    severityText: record.level.toUpperCase(),
    body: cut(record.message),
    ...(record.event === null ? {} : { eventName: record.event }),
    ...context,
    resource: origin.resource,
    instrumentationScope: origin.instrumentationScope,
    attributes,
    droppedAttributesCount: dropped,
  }
}

function attributesOf(fields: LogRecord['attributes']): Record<string, string | number | boolean> {
  const attributes = new Map<string, string | number | boolean>()
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue
    if (typeof value === 'number' || typeof value === 'boolean') attributes.set(name, value)
    else attributes.set(name, cut(typeof value === 'string' ? value : JSON.stringify(value)))
  }
  return Object.fromEntries(attributes)
}

const cut = (text: string): string =>
  text.length > maxCharacters ? `${text.slice(0, maxCharacters)}...` : text
