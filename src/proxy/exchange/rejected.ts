/** The record of a connection that was rejected before it became an exchange. */
import { type ErrorCode, errorTable } from '../../errors.ts'
import type { AccessRecord } from '../../telemetry/access-log/access-record.ts'
import { terminationOf } from './termination.ts'

export interface RejectedConnection {
  readonly client: string
  readonly scheme: 'http' | 'https'
  readonly received: number
  readonly sent: number
  /** Time from the start of the connection; -1 after an earlier request. */
  readonly headMs: number
}

export function rejectedRecord(
  connection: RejectedConnection,
  code: ErrorCode,
  requestId: string | null,
): AccessRecord {
  const { client, scheme, received, sent, headMs } = connection
  const endedAt = performance.now()
  return {
    service: null,
    client,
    requestId,
    traceId: null,
    spanId: null,
    user: null,
    method: null,
    target: null,
    host: undefined,
    version: 0,
    scheme,
    fields: [],
    status: errorTable[code].status,
    code,
    termination: terminationOf(code, {
      isAnswered: false,
      isRequestWhole: false,
      hasUpstream: false,
      isConnected: false,
    }),
    tunnelEnd: null,
    upstream: null,
    attempts: 0,
    isReused: false,
    received,
    sent,
    headMs: -1,
    startedAt: endedAt - Math.max(0, headMs),
    dialledAt: 0,
    connectedAt: 0,
    answeredAt: 0,
    endedAt,
  }
}
