/**
 * One finished span as plain data: what an instance posts to main, and what main gives to an exporter. Every record is of a sampled
 * trace. Times are Unix times in milliseconds, with a fraction. Nothing secret is in it: credentials and signatures in URLs are masked.
 */
export interface SpanRecord {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string
  /** Null for the root of a trace. */
  readonly parentSpanId: string | null
  /** Whether the parent is a span of another process: that of the client's. */
  readonly isParentRemote: boolean
  /** `tracestate` as the client sent it (W3C Trace Context 3.3), well-formed; null for none. */
  readonly traceState: string | null
  readonly kind: 'server' | 'client'
  readonly name: string
  readonly startMs: number
  readonly endMs: number
  readonly status: 'unset' | 'error'
  readonly attributes: SpanAttributes
  /** In the order of their times. */
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
}

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

export interface SpanEvent {
  readonly name: string
  readonly atMs: number
  readonly attributes: SpanAttributes
}

/** Another trace that the span has to do with: the one that a client has sent and that was not joined. */
export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly isSampled: boolean
}

/** Where finished spans go. */
export type ExportSpans = (spans: readonly SpanRecord[]) => void
