/**
 * One finished span as plain data, from an instance through main to an exporter. Only spans of sampled traces
 * become records. Times are Unix times in milliseconds, with a fraction. Credentials and signatures in URLs
 * are masked.
 */
export interface SpanRecord {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string
  /** Null for the root of a trace. */
  readonly parentSpanId: string | null
  /** True if the parent is a span of another process, the client's. */
  readonly isParentRemote: boolean
  /** Valid `tracestate` as sent by the client (W3C Trace Context 3.3); null without one. */
  readonly traceState: string | null
  readonly kind: 'server' | 'client'
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly status: 'unset' | 'error'
  readonly attributes: SpanAttributes
  /** Ordered by time. */
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

export interface SpanEvent {
  readonly name: string
  readonly atMs: number
  readonly attributes: SpanAttributes
}

/** A related trace: one that the client sent and the proxy did not join. */
export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

/** Receives finished spans. */
export type ExportSpans = (spans: readonly SpanRecord[]) => void
