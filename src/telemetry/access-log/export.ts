/**
 * Converts exchanges to log records and sends them to main in bounded batches for export; excess records are
 * dropped and counted.
 */

import { Allowance } from '../log/allowance.ts'
import type { LogRecord } from '../log/log-record.ts'
import type { AccessLog, AccessRecord, DescribeExchange } from './access-record.ts'
import { fields, type Value } from './fields.ts'

export interface AccessExportOptions {
  readonly worker: string
  readonly instance: string
  readonly describe: DescribeExchange
  readonly post: (records: readonly LogRecord[]) => void
  readonly onDropped: (records: number) => void
  readonly maxPerSecond?: number
}

const batchRecords = 64
const batchMs = 1_000

type FieldName = keyof typeof fields

/** Attribute names that the request's SERVER span does not have; `describe` adds those it shares with the span. */
const attributeNames = {
  service: 'proxy.type',
  user: 'user.name',
  request_id: 'proxy.request_id',
  termination: 'proxy.termination',
  error: 'proxy.error',
  upstream: 'proxy.upstream',
  attempts: 'proxy.upstream.attempts',
  reused: 'proxy.upstream.reused',
  bytes_received: 'proxy.bytes_received',
  bytes_sent: 'proxy.bytes_sent',
  head_ms: 'proxy.head_ms',
  connect_ms: 'proxy.upstream.connect_ms',
  response_ms: 'proxy.response_ms',
  total_ms: 'proxy.total_ms',
  tunnel_end: 'proxy.tunnel_end',
} as const satisfies Partial<Record<FieldName, string>>

const named = Object.entries(attributeNames) as readonly [FieldName, string][]

export class AccessExport implements AccessLog {
  readonly #options: AccessExportOptions
  readonly #allowance: Allowance
  #batch: LogRecord[] = []
  #timer: NodeJS.Timeout | null = null

  constructor(options: AccessExportOptions) {
    this.#options = options
    this.#allowance = new Allowance(options.maxPerSecond ?? 1_000, performance.now())
  }

  write(record: AccessRecord): void {
    if (!this.#allowance.take(performance.now())) {
      this.#options.onDropped(1)
      return
    }
    this.#batch.push(recordOfExchange(record, this.#options))
    if (this.#batch.length >= batchRecords) this.flush()
    else this.#timer ??= setTimeout(() => this.flush(), batchMs).unref()
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#batch.length === 0) return
    this.#options.post(this.#batch)
    this.#batch = []
  }
}

/** One exchange: 5xx is an error, an aborted exchange a warning. */
function recordOfExchange(
  record: AccessRecord,
  { worker, instance, describe }: AccessExportOptions,
): LogRecord {
  const attributes: Record<string, Value> = {
    'proxy.worker.name': worker,
    'proxy.instance': instance,
    ...describe(record),
  }
  for (const [field, name] of named) {
    const value = fields[field].read(record)
    if (value !== null) attributes[name] = value
  }
  const { method, status, termination } = record
  const { traceId, spanId } = record
  return {
    atMs: Date.now(),
    level: status >= 500 ? 'error' : termination === '--' ? 'info' : 'warn',
    message: `${method ?? 'no request'} ${fields.host.read(record) ?? ''} ${status === 0 ? 'unanswered' : status}`,
    attributes,
    event: 'proxy.exchange',
    traceId,
    spanId,
  }
}
