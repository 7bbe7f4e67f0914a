/** Lines of the daemon's log as OpenTelemetry log records. */
import { workerOfInstance } from '../../../actors/ids.ts'
import type { LogFields, LogLevel } from './log.ts'

/** A log line as data, for OTLP. */
export interface LogRecord {
  /** Unix time in milliseconds. */
  readonly atMs: number
  readonly level: LogLevel
  readonly message: string
  /** Attributes by their final names; values other than text, numbers and booleans become JSON. */
  readonly attributes: LogFields
  /** Name of the event; null if it has none. */
  readonly event: string | null
  /** 32 and 16 hex digits; null without a trace or span. */
  readonly traceId: string | null
  readonly spanId: string | null
}

/** Attribute names for fields of the daemon log; other fields keep their names. */
const attributeNames: ReadonlyMap<string, string> = new Map(
  Object.entries({
    worker: 'proxy.worker.name',
    instance: 'proxy.instance',
    code: 'error.type',
    actor: 'proxy.actor',
    from: 'proxy.actor.state.from',
    to: 'proxy.actor.state',
    event: 'proxy.actor.event',
    requestId: 'proxy.request_id',
  }),
)

/** Converts a line of the daemon log; a chart's move has an event name. */
export function recordOfLine(atMs: number, level: LogLevel, message: string, fields: LogFields): LogRecord {
  const { instance, trace_id: traceId, span_id: spanId, ...others } = fields
  const worker = typeof instance === 'string' ? { worker: workerOfInstance(instance) } : {}
  const attributes = Object.entries({
    ...worker,
    ...(instance === undefined ? {} : { instance }),
    ...others,
  }).map(([name, value]) => [attributeNames.get(name) ?? name, value])
  return {
    atMs,
    level,
    message,
    attributes: Object.fromEntries(attributes),
    event: 'actor' in fields ? 'proxy.actor.transition' : null,
    traceId: typeof traceId === 'string' ? traceId : null,
    spanId: typeof spanId === 'string' ? spanId : null,
  }
}
