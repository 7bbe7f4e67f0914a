import type { ErrorCode } from '../errors.ts'

/** What the access log knows of one exchange, or of what never became one. Times are `performance.now()`, 0 for what never came. */
export interface AccessRecord {
  /** `forward`, `reverse` or `static`; null for what belongs to no service. */
  readonly service: string | null
  readonly client: string
  readonly requestId: string | null
  /** Of the trace that it is part of; null for none. */
  readonly traceId: string | null
  /** Of its SERVER span; null when there is none. */
  readonly spanId: string | null
  readonly user: string | null
  readonly method: string | null
  /** The request target as it came, one character a byte. */
  readonly target: string | null
  /** The Host field. */
  readonly host: string | undefined
  /** 10 and 11 for HTTP/1.0 and 1.1, 20 for HTTP/2; 0 when there was no request. */
  readonly version: number
  /** Of the client's connection. */
  readonly scheme: 'http' | 'https'
  /** Fields of the request, names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** That the client was sent; 499 when it left before, 0 when nothing was sent for another reason. */
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
  /** When the head was there. */
  readonly startedAt: number
  /** When the latest attempt at an upstream began, and when it was connected. */
  readonly dialledAt: number
  readonly connectedAt: number
  readonly answeredAt: number
  readonly endedAt: number
}

/** Attributes of a request that its SERVER span has too, with the same names and values. */
export type DescribeExchange = (record: AccessRecord) => Readonly<Record<string, string | number | boolean>>

/** Takes the records of a service. */
export interface AccessLog {
  write(record: AccessRecord): void
}
