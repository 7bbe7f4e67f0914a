/** The record of an exchange that access logs are written from. */
import type { ErrorCode } from '../../errors.ts'
import type { RequestFields } from '../request-field.ts'

/**
 * The facts of one exchange, or of a connection rejected before it, for the access log. Times are
 * `performance.now()`; 0 means the event did not happen.
 */
export interface AccessRecord {
  /** `forward`, `reverse` or `static`; null without a service. */
  readonly service: string | null
  readonly client: string
  readonly requestId: string | null
  /** Trace id; null without a trace. */
  readonly traceId: string | null
  /** Id of its SERVER span; null without one. */
  readonly spanId: string | null
  readonly user: string | null
  readonly method: string | null
  /** The request target as received, one character a byte. */
  readonly target: string | null
  /** Value of the Host field. */
  readonly host: string | undefined
  /** 10, 11 or 20 for HTTP/1.0, 1.1 or 2; 0 without a request. */
  readonly version: number
  /** Scheme of the client's connection. */
  readonly scheme: 'http' | 'https'
  /** Request fields, flat. */
  readonly fields: RequestFields
  /**
   * Status sent to the client; 499 if the client left first, 0 if no response was sent for another reason.
   */
  readonly status: number
  readonly code: ErrorCode | null
  /** Two letters: who ended it, in which phase. */
  readonly termination: string
  readonly tunnelEnd: string | null
  /** `scheme://host:port` of the latest attempt. */
  readonly upstream: string | null
  readonly attempts: number
  readonly isReused: boolean
  /** Bytes of the client's connection, heads and framing included. */
  readonly received: number
  readonly sent: number
  /** From the start of the connection to the head of its first request; -1 for later ones, whose start is not seen. */
  readonly headMs: number
  /** Arrival of the request head. */
  readonly startedAt: number
  /** Start and connection of the latest upstream attempt. */
  readonly dialledAt: number
  readonly connectedAt: number
  readonly answeredAt: number
  readonly endedAt: number
}

/** Returns the attributes that a log record shares with the SERVER span of its request. */
export type DescribeExchange = (record: AccessRecord) => Readonly<Record<string, string | number | boolean>>

/** Receives the records of a service. */
export interface AccessLog {
  write(record: AccessRecord): void
}
