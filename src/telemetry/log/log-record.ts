import { workerOfInstance } from '../../../actors/ids.ts'
import type { LogFields, LogLevel } from './log.ts'

/** A line of a log as data, for OTLP. */
export interface LogRecord {
  /** Unix time in milliseconds. */
  readonly atMs: number
  readonly level: LogLevel
  readonly message: string
  /** Attributes by their final names; values that are no text, number or boolean become JSON. */
  readonly attributes: LogFields
  /** What kind of event it is, where there is a name for it. */
  readonly event: string | null
  /** 32 and 16 hex digits; null: it belongs to no trace, or to none of its spans. */
  readonly traceId: string | null
  readonly spanId: string | null
}

/** Name of an attribute for a field of the daemon log; others keep their name. */
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

/** A line of the daemon log; a move of a chart has an event name. */
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
