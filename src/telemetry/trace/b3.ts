/** B3 propagation (openzipkin/b3-propagation) in one field or several. Pure. */
import type { TraceContext } from './trace-context.ts'

const single = /^(?:([\da-f]{32}|[\da-f]{16})-([\da-f]{16})(?:-([01d])(?:-[\da-f]{16})?)?|(?:[01d]))$/i

/** Parses a `b3` field; null without ids. `b3: 0` has none: its sender wants no trace. */
export function parseB3(value: string): TraceContext | null {
  const [, traceId, spanId, state] = single.exec(value) ?? []
  if (traceId === undefined || spanId === undefined) return null
  return contextOf(traceId, spanId, state === undefined ? null : state !== '0')
}

/** True if the field denies sampling without ids. */
export const deniesB3 = (value: string): boolean => value === '0'

export interface B3Fields {
  readonly traceId: string | undefined
  readonly spanId: string | undefined
  readonly sampled: string | undefined
  readonly flags: string | undefined
}

/**
 * Parses X-B3-TraceId, -SpanId, -Sampled (early senders write `true`) and -Flags, where 1 means debug and
 * implies sampling.
 */
export function parseB3Multi({ traceId, spanId, sampled, flags }: B3Fields): TraceContext | null {
  if (traceId === undefined || spanId === undefined) return null
  if (!/^(?:[\da-f]{32}|[\da-f]{16})$/i.test(traceId) || !/^[\da-f]{16}$/i.test(spanId)) return null
  if (flags === '1') return contextOf(traceId, spanId, true)
  if (sampled === undefined) return contextOf(traceId, spanId, null)
  if (/^(?:1|true)$/i.test(sampled)) return contextOf(traceId, spanId, true)
  return /^(?:0|false)$/i.test(sampled) ? contextOf(traceId, spanId, false) : null
}

export function formatB3(traceId: string, spanId: string, isSampled: boolean): string {
  return `${traceId}-${spanId}-${isSampled ? '1' : '0'}`
}

/** Trace ids of 64 bits are padded with zeros. */
function contextOf(traceId: string, spanId: string, isSampled: boolean | null): TraceContext | null {
  const id = traceId.toLowerCase().padStart(32, '0')
  const span = spanId.toLowerCase()
  return /[^0]/.test(id) && /[^0]/.test(span) ? { traceId: id, spanId: span, isSampled } : null
}
