/**
 * One request and its response over an upstream connection, streamed both ways.
 *
 *   client --HttpRequest------> RequestBody --> upstream
 *   client <--HttpResponse----  Relay       <-- upstream      (paused until the response has drained)
 *
 * Hot path: one object per exchange, no closures. Before the response head is sent, a failure is answered from
 * the error table; after it, the client's connection is broken off, so that a cut response never looks
 * complete.
 */
import { BifrostError, type ErrorCode } from '../../errors.ts'
import { failureCode, systemCode } from '../failure.ts'
import { dropLength, hasOtherCoding, responseHeaders, trailerFields, upgradeOf } from '../fields/headers.ts'
import type { BodySource, HttpRequest, HttpResponse } from '../message/message.ts'
import { type BodyOwner, RequestBody } from '../message/request-body.ts'
import type { Reclaimer } from '../reclaim.ts'
import { sendReply } from '../reply/reply.ts'
import type { Transport } from '../transport/transport.ts'
import type { OutgoingRequest, ResponseSink } from '../wire/client/contract.ts'
import type { PoolSlot, UpstreamPool } from './pool.ts'

export interface RelayOwner {
  /** Called at most once, before the client is answered or cut off. */
  relayFailed(code: ErrorCode, cause: unknown): void
  /** Answers a request that is not read to its end, in place of the relay, which has ended. */
  refuse(code: ErrorCode): void
  /** True while every response must end its connection. */
  readonly closing: boolean
  /** The request id shown to the client, or null. */
  readonly shownId: string | null
  /** An attempt starts on a kept or a new connection. Called again for a retry. */
  dialled(upstream: string, isReused: boolean): void
  /** The attempt has its connection; null if the transport is not known. */
  connected(peer: Transport | null): void
  /** A valid response head has arrived from the upstream. */
  answered(status: number): void
  /** The attempt is over; `code` is its failure, or null. Called once per attempt. */
  attemptEnded(code: ErrorCode | null): void
}

/** Shared by all relays of a service. */
export interface RelayService {
  readonly pool: UpstreamPool
  readonly pseudonym: string
  /** Infinity: unlimited. */
  readonly maxBodyBytes: number
  /** Removes the trailer fields that only this proxy may set; or null. */
  readonly cleanTrailers: ((came: readonly string[]) => readonly string[]) | null
  readonly reclaimer: Reclaimer
}

/**
 * Maximum informational responses per exchange. They are written without backpressure, so this and the size
 * of a head bound the buffered bytes.
 */
const maxInformed = 16

const retryableErrors = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

export class Relay implements ResponseSink, OutgoingRequest, BodyOwner, BodySource {
  readonly path: string
  readonly fields: readonly string[]
  readonly body: RequestBody | null
  readonly #request: HttpRequest
  readonly #response: HttpResponse
  readonly #owner: RelayOwner
  readonly #service: RelayService
  readonly #origin: string
  #slot: PoolSlot | null = null
  #isAnswered = false
  #isFlushed = false
  #isOver = false
  /** The first piece of the body, while it may also be the last. */
  #first: Buffer | string | null = null
  #informed = 0

  /** `origin` is `scheme://host:port`; `fields` are flat, from `requestHeaders`. */
  constructor(
    response: HttpResponse,
    owner: RelayOwner,
    service: RelayService,
    origin: string,
    path: string,
    fields: readonly string[],
  ) {
    const { request } = response
    this.#request = request
    this.#response = response
    this.#owner = owner
    this.#service = service
    this.#origin = origin
    this.path = path
    this.fields = fields
    this.body = request.hasBody ? new RequestBody(response, this, service.reclaimer) : null
  }

  get method(): string {
    return this.#request.method
  }

  start(): void {
    const slot = this.#service.pool.take(this.#origin)
    this.#slot = slot
    this.#owner.dialled(this.#origin, slot.connected)
    slot.connection.dispatch(this, this)
  }

  /**
   * The client's side is over. If the response is not complete, this ends the upstream connection as well.
   */
  clientClosed(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#release()?.drop()
    this.#owner.attemptEnded('CLIENT_ABORTED')
    this.body?.stop()
  }

  get receivedBytes(): number {
    return this.#request.receivedBytes
  }

  get maxBodyBytes(): number {
    return this.#service.maxBodyBytes
  }

  trailersOf(came: readonly string[]): readonly string[] {
    return this.#service.cleanTrailers?.(came) ?? came
  }

  bodyTooLarge(): void {
    if (this.#isOver) return
    this.#owner.relayFailed('BODY_TOO_LARGE', 'the body is larger than allowed')
    this.clientClosed()
    if (this.#isAnswered) this.#response.abort()
    else this.#owner.refuse('BODY_TOO_LARGE')
  }

  requestStarted(peer: Transport | null): void {
    this.#owner.connected(peer)
  }

  responseStarted(status: number, reason: string | undefined, received: readonly string[]): void {
    if (this.#isOver) return
    if (status < 200) {
      this.#inform(status, reason, received)
      return
    }
    if (hasOtherCoding(received)) {
      this.#break('the response has a transfer coding other than chunked')
      return
    }
    const owner = this.#owner
    const response = this.#response
    const fields = responseHeaders(received, this.#service.pseudonym, owner.shownId)
    if (status === 204) dropLength(fields)
    if (owner.closing) response.keepsAlive = false
    if (status === 426 && this.#request.version < 20) this.#offerUpgrade(fields, received)
    response.sendHead(status, reason, fields)
    this.#isAnswered = true
    owner.answered(status)
  }

  responseData(piece: Buffer | string): void {
    if (this.#isOver) return
    this.#service.reclaimer.moved(piece.length)
    if (this.#isFlushed) {
      this.#write(piece)
      return
    }
    // Most responses end with their first piece; head and body then leave in one write.
    if (this.#first === null) this.#first = piece
    else {
      this.flush()
      this.#write(piece)
    }
  }

  responseLent(piece: Buffer, left: () => void): void {
    if (this.#isOver) {
      left()
      return
    }
    const response = this.#response
    response.source = this
    if (!response.write(piece, left)) this.#slot?.connection.pause()
  }

  responseEnded(trailers: readonly string[]): void {
    if (this.#isOver) return
    this.#isOver = true
    const first = this.#first
    const response = this.#response
    this.#isFlushed = true
    this.#first = null
    if (trailers.length > 0) response.setTrailers(trailerFields(trailers))
    // The upstream connection is free before the client can send its next request.
    this.#release()?.give()
    this.#owner.attemptEnded(null)
    if (first === null) response.end()
    else response.end(first)
  }

  responseFailed(error: Error): void {
    if (this.#isOver) return
    const slot = this.#release()
    slot?.drop()
    const owner = this.#owner
    const code = failureCode(error)
    owner.attemptEnded(code)
    if (slot?.used && this.#mayRetry(error)) {
      this.start()
      return
    }
    this.#isOver = true
    owner.relayFailed(code, error)
    // A head that is still held is replaced; after it has left, the reply breaks the response off.
    sendReply(this.#response, code, { close: owner.closing, requestId: owner.shownId })
    this.body?.stop()
  }

  /** Sends what is held back of an incomplete response: the head and the first piece of the body. */
  flush(): void {
    if (this.#isFlushed || !this.#isAnswered || this.#response.isClosed) return
    const first = this.#first
    this.#isFlushed = true
    this.#first = null
    if (first === null) this.#response.flush()
    else this.#write(first)
  }

  /** The client has taken what was written. */
  drained(): void {
    this.#slot?.connection.resume()
  }

  #write(piece: Buffer | string): void {
    const response = this.#response
    response.source = this
    if (!response.write(piece)) this.#slot?.connection.pause()
  }

  /**
   * A kept connection may close just as it is used again; RFC 9110 9.2.2 allows a retry of idempotent
   * requests.
   */
  #mayRetry(error: Error): boolean {
    if (this.#isAnswered || this.body !== null || !retryableErrors.has(systemCode(error))) return false
    return /^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/.test(this.method)
  }

  /**
   * Adds Upgrade. If the connection ends after this response, the same Connection field has to contain
   * `close` as well.
   */
  #offerUpgrade(fields: string[], received: readonly string[]): void {
    const protocols = upgradeOf(received)
    if (protocols === '') return
    if (this.#request.version === 10) this.#response.keepsAlive = false
    fields.push('Upgrade', protocols, 'Connection', this.#response.keepsAlive ? 'Upgrade' : 'close, Upgrade')
  }

  /**
   * Forwards informational responses to clients that know them (RFC 9110 15.2), slow readers included: they
   * wait in the transport. A 100 that a held upload waits for ends there (upload.ts).
   */
  #inform(status: number, reason: string | undefined, received: readonly string[]): void {
    this.#informed += 1
    if (this.#informed > maxInformed) {
      this.#break('too many informational responses')
      return
    }
    if (this.#request.version === 10) return
    this.#response.inform(status, reason, responseHeaders(received, this.#service.pseudonym))
  }

  #break(why: string): void {
    this.#slot?.connection.abort(new BifrostError('UPSTREAM_BROKEN', why))
  }

  #release(): PoolSlot | null {
    const slot = this.#slot
    this.#slot = null
    return slot
  }
}
