/** The request body on its way to an upstream. */
import { fieldOf } from '../fields/lookup.ts'
import type { Reclaimer } from '../reclaim.ts'
import type { BodySink, HttpRequest, HttpResponse } from './message.ts'

export interface BodyOwner {
  /** Infinity: unlimited. */
  readonly maxBodyBytes: number
  /** The body exceeds `maxBodyBytes`. Called for every further piece until the body is stopped. */
  bodyTooLarge(): void
  /** Returns the trailer fields that may be forwarded. */
  trailersOf(came: readonly string[]): readonly string[]
}

/**
 * A request body between its client and an upstream connection. Nothing is read before `start`, so a client
 * that waits for a 100 is asked only when the upstream wants the body (RFC 9110 10.1.1).
 */
export class RequestBody implements BodySink {
  readonly #request: HttpRequest
  readonly #owner: BodyOwner
  readonly #reclaimer: Reclaimer
  /** The response that carries the 100; null once it was sent or if the client does not wait for it. */
  #waiting: HttpResponse | null
  #sink: BodySink | null = null

  constructor(response: HttpResponse, owner: BodyOwner, reclaimer: Reclaimer) {
    const { request } = response
    this.#request = request
    this.#owner = owner
    this.#reclaimer = reclaimer
    this.#waiting = request.version > 10 && fieldOf(request.fields, 'expect') !== undefined ? response : null
  }

  /** Whether the client waits for a 100 before it sends the body. */
  get isAwaited(): boolean {
    return this.#waiting !== null
  }

  get receivedBytes(): number {
    return this.#request.receivedBytes
  }

  /** Trailer fields of the body, flat. */
  get trailers(): readonly string[] {
    const came = this.#request.trailers
    return came.length === 0 ? came : this.#owner.trailersOf(came)
  }

  /** Gives the body to `sink`, and asks the client for it if it waits. Called once. */
  start(sink: BodySink): void {
    this.#sink = sink
    const waiting = this.#waiting
    this.#waiting = null
    waiting?.inform(100, undefined, [])
    this.#request.readBody(this)
  }

  pause(): void {
    this.#request.pauseBody()
  }

  resume(): void {
    this.#request.resumeBody()
  }

  /** Discards the rest: the client's connection stays usable (RFC 9112 9.3). */
  stop(): void {
    this.#sink = null
    this.#waiting = null
    this.#request.discardBody()
  }

  takeBody(piece: Buffer): void {
    this.#reclaimer.moved(piece.length)
    if (this.#request.receivedBytes > this.#owner.maxBodyBytes) this.#owner.bodyTooLarge()
    this.#sink?.takeBody(piece)
  }

  takeBodyEnd(): void {
    this.#sink?.takeBodyEnd()
  }

  takeBodyFault(): void {
    this.#sink?.takeBodyFault()
  }
}
