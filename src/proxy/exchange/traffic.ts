/**
 * The exchanges of an instance that viewers may see.
 *
 *   exchange ends --refused, failed: 4xx, 5xx, cut off--> kept, always
 *        '- good --watched, below the rate--> kept      --not watched--> nothing at all
 *
 * Both rings are bounded in number and in bytes. A watch is a lease, which ends unless it is renewed.
 */
import type { ServiceType } from '../../config/settings/settings.ts'
import type { AccessRecord } from '../../telemetry/access-log/access-record.ts'
import { requestField } from '../../telemetry/request-field.ts'
import {
  maxTargetLength,
  type TrafficAnswer,
  type TrafficQuestion,
  type TrafficRecord,
} from '../../telemetry/traffic-record.ts'
import { isFailure } from './termination.ts'

/** The limit that refused a connection before any of it was read. */
export type DoorLimit = 'client' | 'worker' | 'descriptors'

export interface TrafficOptions {
  /** State of the chart that admits connections of a service, or of the whole worker for null. */
  readonly stateOf: (service: ServiceType | null) => string
  /** Resources above their limit, as main has reported. */
  readonly exceeded?: () => readonly string[]
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

/** An exchange, with its reason if it has one. */
export type Noted = AccessRecord & { readonly reason?: string | null }

const failedBounds = { maxRecords: 256, maxBytes: 256 * 1024 } as const
const recentBounds = { maxRecords: 512, maxBytes: 512 * 1024 } as const
/** Maximum good exchanges kept per second of a watch. */
const maxPerSecond = 50
const maxLeaseMs = 60_000
const maxReasonLength = 200

export class TrafficRecorder {
  /** Hot path: checked once per exchange. While false, successful exchanges skip this class. */
  isWatched = false
  readonly #options: TrafficOptions
  readonly #failed = new Ring(failedBounds)
  readonly #recent = new Ring(recentBounds)
  #lease: NodeJS.Timeout | null = null
  #seq = 0
  #second = 0
  #taken = 0
  #skipped = 0

  constructor(options: TrafficOptions) {
    this.#options = options
  }

  /** Keeps a failed exchange, or any exchange during a watch. */
  note(record: Noted): void {
    if (isFailure(record)) this.#failed.add(this.#recordOf(record))
    else if (this.isWatched && this.#hasRoom()) this.#recent.add(this.#recordOf(record))
  }

  /** Keeps a connection that was refused before any of it was read. */
  refused(record: AccessRecord, limit: DoorLimit): void {
    this.#failed.add(this.#recordOf({ ...record, reason: limit }))
  }

  ask(question: Extract<TrafficQuestion, { kind: 'requests' | 'request' }>): TrafficAnswer {
    if (question.kind === 'request') return { kind: 'request', record: this.#find(question.key) }
    const { after, limit, watchMs } = question
    if (watchMs > 0) this.#watch(Math.min(watchMs, maxLeaseMs))
    const all = [...this.#failed.all, ...this.#recent.all].filter(({ seq }) => seq > after)
    const records = all.sort((one, other) => one.seq - other.seq).slice(-limit)
    return { kind: 'requests', records, last: this.#seq, isWatched: this.isWatched, skipped: this.#skipped }
  }

  /** The kept failures, oldest first. */
  get failed(): readonly TrafficRecord[] {
    return this.#failed.all
  }

  close(): void {
    this.#end()
  }

  #find(key: number | string): TrafficRecord | null {
    const is = (record: TrafficRecord) =>
      typeof key === 'number' ? record.seq === key : record.requestId === key
    return this.#failed.all.findLast(is) ?? this.#recent.all.findLast(is) ?? null
  }

  #watch(leaseMs: number): void {
    if (this.#lease !== null) clearTimeout(this.#lease)
    this.#lease = setTimeout(() => this.#end(), leaseMs).unref()
    this.isWatched = true
  }

  /** Good exchanges are dropped with the watch: a later viewer has no use for them. */
  #end(): void {
    if (this.#lease !== null) clearTimeout(this.#lease)
    this.#lease = null
    this.isWatched = false
    this.#skipped = 0
    this.#recent.clear()
  }

  #hasRoom(): boolean {
    const second = Math.floor(performance.now() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#taken = 0
    }
    this.#taken += 1
    if (this.#taken <= maxPerSecond) return true
    this.#skipped += 1
    return false
  }

  #recordOf(record: Noted): TrafficRecord {
    const { startedAt, dialledAt, connectedAt, answeredAt, endedAt, fields } = record
    const { now = Date.now, stateOf, exceeded } = this.#options
    const length = requestField(fields, 'content-length')
    // 1 stands for a time that was not measured.
    const since = (time: number) => (time > 1 ? round(time - startedAt) : null)
    return {
      seq: ++this.#seq,
      at: now(),
      requestId: record.requestId,
      service: record.service,
      client: record.client,
      user: record.user,
      method: cut(record.method, 32),
      target: cut(record.target, maxTargetLength),
      host: cut(record.host ?? null, 255),
      version: record.version,
      status: record.status,
      code: record.code,
      termination: record.termination,
      reason: cut(record.reason ?? null, maxReasonLength),
      state: stateOf(record.service as ServiceType | null),
      exceeded: exceeded?.() ?? [],
      upstream: cut(record.upstream, 300),
      attempts: record.attempts,
      connectMs: connectedAt > 1 ? round(connectedAt - dialledAt) : null,
      answerMs: since(answeredAt),
      durationMs: round(endedAt - startedAt),
      length: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : null,
      isUpgrade:
        record.version === 11 &&
        record.method === 'GET' &&
        /^websocket$/i.test(requestField(fields, 'upgrade') ?? ''),
      received: record.received,
      sent: record.sent,
    }
  }
}

const round = (ms: number): number => Math.round(ms * 100) / 100

/** Copies what it cuts: a slice would keep the whole string alive. */
function cut(text: string | null, length: number): string | null {
  if (text === null || text.length <= length) return text
  return `${Buffer.from(text.slice(0, length - 1)).toString()}…`
}

/** Constant part of a record's size; each character of its strings adds two bytes. */
const recordBytes = 400
const sizeOf = (record: TrafficRecord): number =>
  recordBytes +
  2 *
    [
      record.requestId,
      record.client,
      record.user,
      record.method,
      record.target,
      record.host,
      record.reason,
      record.upstream,
    ].reduce((sum, text) => sum + (text?.length ?? 0), 0)

interface RingBounds {
  readonly maxRecords: number
  readonly maxBytes: number
}

/** Keeps the latest records and drops the oldest. */
class Ring {
  readonly all: TrafficRecord[] = []
  readonly #bounds: RingBounds
  #bytes = 0

  constructor(bounds: RingBounds) {
    this.#bounds = bounds
  }

  add(record: TrafficRecord): void {
    this.all.push(record)
    this.#bytes += sizeOf(record)
    while (this.all.length > this.#bounds.maxRecords || this.#bytes > this.#bounds.maxBytes) {
      const oldest = this.all.shift()
      if (oldest === undefined) return
      this.#bytes -= sizeOf(oldest)
    }
  }

  clear(): void {
    this.all.length = 0
    this.#bytes = 0
  }
}
