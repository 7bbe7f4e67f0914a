/** The trace of one exchange. */
import type { ErrorCode } from '../../errors.ts'
import { canonicalAddress } from '../../http/address/address.ts'
import type { Propagation } from '../../telemetry/trace/propagation.ts'
import type { TraceIds } from '../../telemetry/trace/sampling.ts'
import type { SpanLink } from '../../telemetry/trace/span-record.ts'
import type { TraceContext } from '../../telemetry/trace/trace-context.ts'

/** A socket whose remote address is read only if a trace needs it. */
export interface Peer {
  readonly remoteAddress?: string | undefined
  readonly remotePort?: number | undefined
}

/**
 * One attempt to get a response from an upstream; times are `performance.now()`, 0 if the event never
 * happened.
 */
export interface Attempt {
  readonly spanId: string
  /** `scheme://host:port`. */
  readonly upstream: string
  readonly isReused: boolean
  readonly startedAt: number
  connectedAt: number
  /** Remote address of the connection; empty and 0 if unknown. */
  peerAddress: string
  peerPort: number
  endedAt: number
  /** Status of the upstream's response; 0 before there is one. */
  status: number
  /** Null if it succeeded. */
  failure: ErrorCode | null
}

export interface TraceStart {
  readonly traceId: string
  /** Whether spans are made. */
  readonly isSampled: boolean
  /** The client's context, if this trace continues it. */
  readonly parent: TraceContext | null
  /** The client's context, if this trace does not continue it. */
  readonly link: SpanLink | null
  /** The client's tracestate, if this trace continues it and it is well-formed. */
  readonly traceState: string | null
  /** Lower-case names of the fields that are not passed on; null if all are. */
  readonly drops: ReadonlySet<string> | null
  /** Whether the trace is sent to upstreams. */
  readonly isSent: boolean
  /** `http.route`: the part of the configuration that the request belongs to; null without one. */
  readonly route: string | null
}

/**
 * The trace of one exchange: writes the fields that go upstream and, if sampled, collects what its spans are
 * made of.
 */
export class Trace {
  readonly start: TraceStart
  /** Id of the SERVER span. */
  readonly spanId: string
  readonly attempts: Attempt[] = []
  /** Path that is requested from upstreams. */
  upstreamPath = ''
  readonly #ids: TraceIds
  readonly #propagation: Propagation
  /** Span id of the next attempt, if it was written into the fields already. */
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

  /**
   * Changes flat fields of a request for `path` to what goes upstream. `begin` rewrites them for every
   * further attempt.
   */
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

  /** Starts an attempt; every attempt after the first is a retry. */
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

  /** Ends the running attempt. */
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
