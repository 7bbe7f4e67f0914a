import type { ErrorCode } from '../../errors.ts'
import { canonicalAddress } from '../../http/address/address.ts'
import type { Propagation } from '../../telemetry/trace/propagation.ts'
import type { TraceIds } from '../../telemetry/trace/sampling.ts'
import type { SpanLink } from '../../telemetry/trace/span-record.ts'
import type { TraceContext } from '../../telemetry/trace/trace-context.ts'

/** A socket, which is asked for its other end only where somebody wants to know. */
export interface Peer {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/** One try to get an answer of an upstream; times are `performance.now()`, 0 for what never came. */
export interface Attempt {
  readonly spanId: string
  /** `scheme://host:port`. */
  readonly upstream: string
  readonly isReused: boolean
  readonly startedAt: number
  connectedAt: number
  /** The other end of its connection; empty and 0 where that is not known. */
  peerAddress: string
  peerPort: number
  endedAt: number
  /** Of the upstream's response; 0 before there is one. */
  status: number
  /** What went wrong with it; null for nothing. */
  failure: ErrorCode | null
}

export interface TraceStart {
  readonly traceId: string
  /** Whether spans are made of it. */
  readonly isSampled: boolean
  /** The client's context, when that is joined. */
  readonly parent: TraceContext | null
  /** The client's context, when it is not. */
  readonly link: SpanLink | null
  /** Of the client, when it is joined and well-formed. */
  readonly traceState: string | null
  /** Lower-case names of the fields that go no further; null: all do. */
  readonly drops: ReadonlySet<string> | null
  /** Whether upstreams are told of it. */
  readonly isSent: boolean
  /** `http.route`: what of the configuration the request belongs to; null for none. */
  readonly route: string | null
}

/** What a trace makes of one exchange: the fields that go upstream and, where it is sampled, what its spans are made of. */
export class Trace {
  readonly start: TraceStart
  /** Of the SERVER span. */
  readonly spanId: string
  readonly attempts: Attempt[] = []
  /** What upstreams are asked for. */
  upstreamPath = ''
  readonly #ids: TraceIds
  readonly #propagation: Propagation
  /** What the next attempt is called, where that was written into its fields already. */
  #nextId: string | null = null
  #fields: string[] | null = null
  #first = 0

  constructor(start: TraceStart, propagation: Propagation, ids: TraceIds) {
    this.start = start
    this.#propagation = propagation
    this.#ids = ids
    this.spanId = ids.spanId()
  }

  get isSampled(): boolean {
    return this.start.isSampled
  }

  /** Makes flat fields of a request for `path` what they are to be upstream. Each repeat changes them to its own span. */
  writeTo(fields: string[], path: string): void {
    this.upstreamPath = path
    const { traceId, isSampled, drops, isSent } = this.start
    if (drops !== null) remove(fields, drops)
    if (!isSent) return
    const id = isSampled ? this.#ids.spanId() : this.spanId
    if (isSampled) {
      this.#nextId = id
      this.#fields = fields
    }
    this.#first = this.#propagation.write(fields, traceId, id, isSampled)
  }

  /** A further attempt after one is a repeat of it. */
  begin(upstream: string, isReused: boolean, now: number): void {
    if (!this.isSampled) return
    const spanId = this.#nextId ?? this.#ids.spanId()
    if (this.#nextId === null && this.#fields !== null) {
      this.#propagation.rewrite(this.#fields, this.#first, this.start.traceId, spanId)
    }
    this.#nextId = null
    this.attempts.push({
      spanId,
      upstream,
      isReused,
      startedAt: now,
      connectedAt: 0,
      peerAddress: '',
      peerPort: 0,
      endedAt: 0,
      status: 0,
      failure: null,
    })
  }

  connected(peer: Peer | null, now: number): void {
    const attempt = this.attempts.at(-1)
    if (attempt === undefined) return
    attempt.connectedAt = now
    attempt.peerAddress = canonicalAddress(peer?.remoteAddress ?? '') ?? ''
    attempt.peerPort = peer?.remotePort ?? 0
  }

  /** The running attempt is over. */
  ended(failure: ErrorCode | null, status: number, now: number): void {
    const attempt = this.attempts.at(-1)
    if (attempt === undefined || attempt.endedAt > 0) return
    attempt.endedAt = now
    attempt.status = status
    attempt.failure = failure
  }
}

function remove(fields: string[], names: ReadonlySet<string>): void {
  let to = 0
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    if (names.has(name.toLowerCase())) continue
    fields[to] = name
    fields[to + 1] = fields[at + 1] as string
    to += 2
  }
  fields.length = to
}
