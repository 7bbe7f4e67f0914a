/**
 * One HTTP/1.1 connection of a client: reads a request, has it answered, and then reads the next.
 *
 *   head --whole--> body | answering --response out, body read--> head
 *     |               '--broken framing--> broken: only the response goes on
 *     |--no request, late--> refused (closer)
 *     '--CONNECT, Upgrade--> taken: the transport gets another owner
 *
 * Bytes that cannot be used yet are kept: a head that has begun, pipelined requests, a body that is not wanted yet.
 * More than `maxKeptBytes` of them stop the reading.
 */
import type { ErrorCode } from '../../../errors.ts'
import type { Detached } from '../../transport/handle-transport.ts'
import type { Transport, TransportOwner } from '../../transport/transport.ts'
import { detach } from '../../transport/transport-of.ts'
import type { RequestHandler, ServerSettings } from './contract.ts'
import { Kept } from './kept.ts'
import { type BodyPath, ServerRequest } from './request.ts'
import { type RequestHead, RequestHeadReader } from './request-head.ts'
import { type ResponsePath, ServerResponse } from './response.ts'
import type { Waiting } from './turns.ts'

const maxKeptBytes = 64 * 1024

type Phase = 'head' | 'body' | 'broken' | 'answering' | 'taken' | 'over'

export class ServerConnection implements TransportOwner, BodyPath, ResponsePath, Waiting {
  readonly transport: Transport
  readonly keepAliveSecs: number
  readonly #settings: ServerSettings
  readonly #handler: RequestHandler
  readonly #reader: RequestHeadReader
  #phase: Phase = 'head'
  #request: ServerRequest | null = null
  #response: ServerResponse | null = null
  #kept: Kept | null = null
  #isQueued = false
  #isReading = false
  #isRetired = false
  /** Bytes of whole requests and of bodies read so far. */
  usedBytes = 0
  #hasServed: boolean

  /** Becomes the owner of the transport. `hasServed`: whether another instance has served requests of it. */
  constructor(transport: Transport, settings: ServerSettings, handler: RequestHandler, hasServed = false) {
    this.transport = transport
    this.#hasServed = hasServed
    this.keepAliveSecs = settings.keepAliveSecs
    this.#settings = settings
    this.#handler = handler
    this.#reader = new RequestHeadReader(settings.heads)
    transport.owner = this
    transport.resume()
  }

  /** Whether it waits for a request, or for the rest of a head. */
  get isWaiting(): boolean {
    return this.#phase === 'head' && !this.#isQueued
  }

  /** Whether a part of a request head has arrived. */
  get hasBegun(): boolean {
    return this.#phase === 'head' && (this.#kept !== null || this.#reader.isBegun)
  }

  get isLast(): boolean {
    return this.transport.hasPeerEnded && this.#kept === null
  }

  received(bytes: Buffer, length: number): undefined {
    const phase = this.#phase
    if (phase === 'over' || phase === 'broken') return
    const isFree = this.#kept === null
    const mayRead = isFree && (phase === 'body' || (phase === 'head' && this.#settings.turns.mayProceed()))
    this.#keep(bytes, mayRead ? this.#read(bytes, 0, length) : 0, length)
    this.#goOn()
  }

  peerEnded(): void {
    this.#goOn()
  }

  drained(): void {
    this.#response?.drained()
    this.#goOn()
  }

  closed(): void {
    const hasPart = this.hasBegun
    const response = this.#response
    this.release()
    if (response !== null) {
      response.left(true)
      response.request.fail()
    } else if (hasPart) this.#handler.rejected('CLIENT_ABORTED', false)
  }

  /** Serves its turn: one request. */
  proceed(): void {
    this.#isQueued = false
    if (this.#phase === 'head' && !this.transport.isClosed) this.#readKept()
    this.#goOn()
  }

  /** Refuses the request whose head has begun. */
  refuse(code: ErrorCode): void {
    if (this.#phase !== 'head') return
    const { transport } = this
    const answer = this.#handler.rejected(code, !transport.isEnded && !transport.isClosed)
    this.release()
    if (answer === null) transport.close()
    else this.#settings.closer.end(transport, answer)
  }

  /** Ends a connection that has waited too long for a request. */
  expire(): void {
    if (this.#phase === 'head') this.#close(true)
  }

  /** Ends a connection that waits for a further request; if one runs, it is the last. */
  retire(): void {
    if (this.isWaiting && !this.hasBegun) {
      if (this.#hasServed || this.transport.hasPeerEnded) this.#close(true)
    } else if (this.#response !== null) this.#response.keepsAlive = false
    else this.#isRetired = this.#phase === 'body'
  }

  /** Gives an idle connection away, or one of which no request was begun. Null if that cannot be. */
  detach(): Detached | null {
    if (this.#phase !== 'head' || this.#reader.isBegun || this.transport.hasPeerEnded) return null
    const detached = detach(this.transport, this.#kept?.take())
    if (detached !== null) this.release()
    return detached
  }

  /** Ends its part in a transport that was taken over. Returns the bytes that were read and not used. */
  release(): Buffer | null {
    const kept = this.#kept?.take() ?? null
    this.#phase = 'over'
    this.#kept = null
    return kept
  }

  bodyWanted(): void {
    // Within a read, the read goes on with the body.
    if (this.#phase !== 'body' || this.#isReading) return
    this.#readKept()
    this.#goOn()
  }

  bodyPaused(): void {
    this.transport.pause()
  }

  responseOver(response: ServerResponse): void {
    this.#response = null
    const request = this.#request
    if (request === null || this.#phase === 'over') return
    if (request.isComplete) this.#next(response.keepsAlive)
    // RFC 9110 10.1.1: the client will not send a body that it was not asked for, or it may: there is no way to tell.
    else if (!response.keepsAlive || request.isAwaited) this.#close(true)
    else request.discardBody()
  }

  /** Reads at most one head, and of the body what is wanted. Returns where it stopped. */
  #read(bytes: Buffer, from: number, end: number): number {
    this.#isReading = true
    let at = from
    if (this.#phase === 'head') at = this.#readHead(bytes, from, end)
    if (this.#phase === 'body' && at < end) at = this.#readBody(bytes, at, end)
    this.#isReading = false
    return at
  }

  #readHead(bytes: Buffer, from: number, end: number): number {
    const head = this.#reader.read(bytes, from, end)
    if (typeof head === 'string') {
      this.refuse(head)
      return end
    }
    const at = head === null ? end : this.#reader.endAt
    this.usedBytes += at - from
    if (head === null) return end
    if (head.method !== 'CONNECT' && (head.upgrade === undefined || !this.#settings.takesOver(head))) {
      this.#begin(head, at)
      return at
    }
    this.#phase = 'taken'
    const request = new ServerRequest(head, this, false, this.#kept?.ageMs ?? 0)
    // What follows belongs to the next owner of the connection.
    if (this.#kept === null) this.#keep(bytes, at, end)
    else this.#kept = this.#kept.after(at)
    this.#handler.takeOver(request)
    return end
  }

  #begin(head: RequestHead, at: number): void {
    // Small responses that follow each other must not wait for acknowledgements.
    if (this.#hasServed) this.transport.setNoDelay()
    this.#hasServed = true
    const request = new ServerRequest(head, this, true, this.#kept?.ageMs ?? 0)
    this.#kept = this.#kept?.after(at) ?? null
    const response = new ServerResponse(request, this)
    this.#request = request
    this.#response = response
    this.#phase = request.hasBody ? 'body' : 'answering'
    this.#handler.request(request, response)
  }

  #readBody(bytes: Buffer, from: number, end: number): number {
    const request = this.#request as ServerRequest
    const at = request.take(bytes, from, end)
    if (at === -1) {
      if (this.#response === null) this.#close(true)
      else {
        this.#phase = 'broken'
        this.#response.keepsAlive = false
        this.#handler.malformed(this.#response)
      }
      return end
    }
    this.usedBytes += at - from
    if (request.isComplete && this.#phase === 'body') {
      this.#phase = 'answering'
      if (this.#response === null) this.#next(!this.#isRetired)
    }
    return at
  }

  /** The exchange is over: waits for the next request, if the connection is kept. */
  #next(isKept: boolean): void {
    const request = this.#request
    this.#request = null
    this.#phase = 'head'
    if (isKept) this.#goOn()
    else this.#close(request?.head.keepsAlive !== false && !this.isLast)
  }

  /**
   * Ends the connection. What the client still sends is read for a moment, so that it gets its last answer (RFC
   * 9112 9.6), unless it has said that it sends nothing more. TLS says goodbye in any case (RFC 8446 6.1).
   */
  #close(mayComeMore: boolean): void {
    const { transport } = this
    const isSimple = !mayComeMore && transport.canReset && transport.pendingBytes === 0
    this.release()
    if (isSimple) transport.close()
    else this.#settings.closer.end(transport, '')
  }

  #keep(bytes: Buffer, from: number, end: number): void {
    if (this.#phase === 'over' || from === end) return
    this.#kept ??= new Kept()
    this.#kept.add(bytes, from, end)
  }

  #readKept(): void {
    const kept = this.#kept
    if (kept === null) return
    const at = this.#read(kept.bytes, kept.start, kept.end)
    // They may have been given away, or belong to the next owner.
    if (this.#kept === kept && this.#phase !== 'taken') this.#kept = kept.after(at)
  }

  /** Decides what happens next with the bytes that are kept, and whether more are read. */
  #goOn(): void {
    const { transport } = this
    if (this.#phase === 'over' || transport.isClosed) return
    if (this.#kept !== null && this.#phase === 'head' && !this.#isQueued && transport.pendingBytes === 0) {
      this.#isQueued = true
      this.#settings.turns.wait(this)
    }
    if (transport.hasPeerEnded) this.#end()
    else if (this.#isFull) transport.pause()
    else if (transport.isPaused) transport.resume()
  }

  get #isFull(): boolean {
    const body = this.#phase === 'body' ? this.#request : null
    if (this.#kept === null) return body?.isPaused === true
    return this.#kept.length >= maxKeptBytes || body?.isOpen === false
  }

  /** The client has ended its side. What it sent whole is answered first. */
  #end(): void {
    if (this.#phase === 'head') {
      if (this.#kept !== null) return
      if (this.#reader.isBegun) this.#handler.rejected('CLIENT_ABORTED', false)
      this.#close(false)
    } else if (this.#phase === 'body' && this.#kept === null) {
      // RFC 9112 8: the request is incomplete, and stays so.
      if (this.#response === null) this.#close(false)
      else this.transport.close()
    }
  }
}
