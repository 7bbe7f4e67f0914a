import type { IncomingHttpHeaders } from 'node:http'
import type { Provenance } from '../../http/fields/provenance.ts'
import { parseTraceparent } from '../../telemetry/trace/trace-context.ts'
import type { Trace } from '../trace/trace.ts'
import type { Connection } from './connection.ts'
import { Measured } from './measure.ts'

/** What an exchange keeps of the trace that it is part of. */
export class Traced extends Measured {
  readonly headers: IncomingHttpHeaders
  /** What its peer says of where the request comes from; null when the peer is not trusted. */
  provenance: Provenance | null = null
  /** Null: it is not sampled, and what its client says of traces passes as it came. */
  trace: Trace | null = null
  /** What is known of the cause of its failure beyond the code; for operators. */
  reason: string | null = null
  /** How long it has waited for the one before it on its connection. */
  readonly waitedMs: number

  constructor(method: string, route: number, headers: IncomingHttpHeaders, connection: Connection) {
    super(method, route)
    this.headers = headers
    this.waitedMs = connection.waitedMs
  }

  /** That of its own trace, or of its client's that it does not touch. */
  get traceId(): string | null {
    if (this.trace !== null) return this.trace.start.traceId
    const value = this.headers['traceparent']
    return typeof value === 'string' ? (parseTraceparent(value)?.traceId ?? null) : null
  }

  get spanId(): string | null {
    return this.trace?.isSampled ? this.trace.spanId : null
  }
}
