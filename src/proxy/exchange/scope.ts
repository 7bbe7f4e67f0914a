import type { ErrorCode } from '../../errors.ts'
import type { Exchange } from './exchange.ts'
import type { Running } from './running.ts'

export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Record<string, unknown>,
) => void

/** What all exchanges of an edge share. */
export interface ExchangeScope {
  isDraining: boolean
  isDegraded: boolean
  /** Everything is being ended now. */
  isCut: boolean
  readonly log: Log
  /** Answers a request that is not read to its end. */
  readonly refuse: (exchange: Exchange, code: ErrorCode) => void
  /** Exchanges whose responses are followed, and finished ones whose request bodies are still being read. */
  readonly running: Running
}

/** Whoever moves the exchange's bytes and must hear that the client is gone. */
export interface Work {
  /** Bytes of the request's body that have come. */
  readonly receivedBytes: number
  clientClosed(): void
}

interface Ids {
  readonly requestId: string | null
  readonly traceId: string | null
  readonly spanId: string | null
}

/** The fields by which a line of the log is found, and its trace. */
export function idFields({ requestId, traceId, spanId }: Ids): Readonly<Record<string, string>> {
  return {
    ...(requestId === null ? {} : { requestId }),
    ...(traceId === null ? {} : { trace_id: traceId }),
    ...(spanId === null ? {} : { span_id: spanId }),
  }
}

export const causeOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
