/**
 * One request and its response through an upstream connection, streamed both ways.
 *
 *   client --HttpRequest------> RequestBody --undici--> upstream
 *   client <--HttpResponse----  Relay       <--undici-- upstream      (pause/resume on the response's 'drain')
 *
 * One handler object for each exchange and no closure: this is the hot path. Failures before the response head are answered from
 * the error table, after it the client's connection is broken off, so that a cut response never looks complete.
 */
import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { BifrostError, type ErrorCode } from '../../errors.ts'
import { STATUS_CODES } from '../builtin.ts'
import { failureCode, systemCode } from '../failure.ts'
import { dropLength, hasOtherCoding, responseHeaders, trailerFields, upgradeOf } from '../fields/headers.ts'
import { type HttpRequest, type HttpResponse, hasBody } from '../message.ts'
import type { Reclaimer } from '../reclaim.ts'
import { sendReply } from '../reply/reply.ts'
import { type BodyOwner, RequestBody } from '../request-body.ts'
import type { WireHandler } from '../wire/contract.ts'
import type { PoolSlot, UpstreamPool } from './pool.ts'

export interface RelayOwner {
  /** Before the client is answered or cut off. Called at most once. */
  relayFailed(code: ErrorCode, cause: unknown): void
  /** Answers in the place of the relay, which has ended, a request that is not read to its end. */
  refuse(code: ErrorCode): void
  /** True while responses must end their connection. */
  readonly closing: boolean
  /** The request id that the client is shown; null for none. */
  readonly shownId: string | null
  /** An attempt begins, on a kept connection or a new one; there may be several. */
  dialled(upstream: string, isReused: boolean): void
  /** The attempt has its connection; null where that is not known. */
  connected(peer: Socket | null): void
  /** The upstream's response head is there, and good to be sent on. */
  answered(status: number): void
  /** The attempt is over; `code` says what went wrong with it. Called once for each. */
  attemptEnded(code: ErrorCode | null): void
}

export interface RelayOptions {
  readonly pool: UpstreamPool
  /** `scheme://host:port`. */
  readonly origin: string
  readonly path: string
  /** Flat, as made by `requestHeaders`. */
  readonly headers: string[]
  readonly pseudonym: string
  /** Infinity for no bound. */
  readonly maxBodyBytes: number
  /** Takes out of the request's trailers what only we may say; null: there is no such field. */
  readonly cleanTrailers: ((came: readonly string[]) => readonly string[]) | null
  readonly reclaimer: Reclaimer
  readonly owner: RelayOwner
}

/** Informational responses of one exchange. They are written without backpressure, so this and the size of a head bound what waits. */
const maxInformed = 16

/** Of a body that is written as text. */
const maxTextBytes = 16 * 1024

const retryableErrors = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

export class Relay implements WireHandler, BodyOwner {
  readonly #req: HttpRequest
  readonly #res: HttpResponse
  readonly #options: RelayOptions
  readonly #body: RequestBody | null
  #slot: PoolSlot | null = null
  #controller: Dispatcher.DispatchController | null = null
  #isAnswered = false
  #isFlushed = false
  #isOver = false
  #isDrainArmed = false
  #isToldOfReads = false
  /** The first piece of the body while it may also be the last. */
  #first: Buffer | null = null
  #informed = 0

  constructor(req: HttpRequest, res: HttpResponse, options: RelayOptions) {
    this.#req = req
    this.#res = res
    this.#options = options
    this.#body = hasBody(req) ? new RequestBody(res, this, options.reclaimer) : null
  }

  start(): void {
    const { pool, origin, path, headers } = this.#options
    const slot = pool.take(origin)
    this.#slot = slot
    this.#options.owner.dialled(origin, slot.connected)
    this.#isToldOfReads = slot.dispatch(
      { path, method: this.#req.method ?? 'GET', headers, body: this.#body },
      this,
    )
  }

  /** The client's side is over; when that came too early the upstream's connection ends as well. */
  clientClosed(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#release()?.drop()
    this.#options.owner.attemptEnded('CLIENT_ABORTED')
    this.#body?.destroy()
  }

  get receivedBytes(): number {
    return this.#body?.receivedBytes ?? 0
  }

  get maxBodyBytes(): number {
    return this.#options.maxBodyBytes
  }

  trailersOf(came: readonly string[]): readonly string[] {
    return this.#options.cleanTrailers?.(came) ?? came
  }

  bodyTooLarge(): void {
    if (this.#isOver) return
    const { owner } = this.#options
    owner.relayFailed('BODY_TOO_LARGE', 'more came than was announced')
    this.clientClosed()
    if (this.#isAnswered) this.#res.destroy()
    else owner.refuse('BODY_TOO_LARGE')
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#options.owner.connected(this.#slot?.socket ?? null)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    statusText?: string,
  ): void {
    if (this.#isOver) return
    const raw = (controller.rawHeaders ?? []) as (Buffer | string)[]
    if (status < 200) {
      this.#inform(controller, status, raw)
      return
    }
    if (hasOtherCoding(raw)) {
      controller.abort(new BifrostError('UPSTREAM_BROKEN', 'a transfer coding that is not chunked'))
      return
    }
    const fields = responseHeaders(raw, this.#options.pseudonym, this.#options.owner.shownId)
    if (status === 204) dropLength(fields)
    if (this.#options.owner.closing) this.#res.shouldKeepAlive = false
    if (status === 426 && this.#req.httpVersionMajor === 1) this.#offerUpgrade(fields, raw)
    // Throws for what may not be sent on, a control character in the reason; undici makes that an error of the exchange.
    this.#res.writeHead(status, this.#isToldOfReads ? statusText : reasonOf(status, statusText), fields)
    this.#isAnswered = true
    this.#options.owner.answered(status)
    // A head usually comes with its first bytes; one that comes alone must not wait for them.
    if (!this.#isToldOfReads) process.nextTick(flushHead, this)
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#isOver) return
    this.#options.reclaimer.moved(chunk.length)
    if (this.#isFlushed) {
      this.#write(chunk)
      return
    }
    // Most responses end with their first piece, and leave with it in one write.
    if (this.#first === null) this.#first = chunk
    else {
      this.flush()
      this.#write(chunk)
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return
    this.#isOver = true
    const first = this.#first
    this.#isFlushed = true
    this.#first = null
    const trailers = (controller.rawTrailers ?? []) as (Buffer | string)[]
    if (trailers.length > 0) this.#res.addTrailers(trailerFields(trailers))
    if (first === null) this.#res.end()
    // node:http makes one string of head and body, which is written without a copy and without a list of buffers.
    else if (first.length <= maxTextBytes) this.#res.end(first.toString('latin1'), 'latin1')
    else this.#res.end(first)
    this.#release()?.give()
    this.#options.owner.attemptEnded(null)
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#isOver) return
    const slot = this.#release()
    slot?.drop()
    const { owner } = this.#options
    const code = failureCode(error)
    owner.attemptEnded(code)
    if (slot?.used && this.#mayRetry(error)) {
      this.start()
      return
    }
    this.#isOver = true
    owner.relayFailed(code, error)
    if (this.#isAnswered) this.#res.destroy()
    else sendReply(this.#res, code, { close: owner.closing, requestId: owner.shownId })
    this.#body?.destroy()
  }

  /** Sends what waits for the rest of a response that is not complete: the head, and the first piece of the body. */
  flush(): void {
    if (this.#isFlushed || !this.#isAnswered || this.#res.destroyed) return
    const first = this.#first
    this.#isFlushed = true
    this.#first = null
    if (first === null) this.#res.flushHeaders()
    else this.#write(first)
  }

  #write(chunk: Buffer): void {
    if (this.#res.write(chunk)) return
    this.#controller?.pause()
    if (this.#isDrainArmed) return
    this.#isDrainArmed = true
    this.#res.on('drain', () => this.#controller?.resume())
  }

  /** A kept connection may end in the moment it is used again; RFC 9110 9.2.2 lets idempotent requests be repeated. */
  #mayRetry(error: Error): boolean {
    if (this.#isAnswered || this.#body !== null || !retryableErrors.has(systemCode(error))) return false
    return /^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/.test(this.#req.method ?? '')
  }

  /** A connection that ends after this response says so in the same field. */
  #offerUpgrade(fields: string[], raw: (Buffer | string)[]): void {
    const protocols = upgradeOf(raw)
    if (protocols === '') return
    if (this.#req.httpVersionMinor === 0) this.#res.shouldKeepAlive = false
    fields.push('Upgrade', protocols, 'Connection', this.#res.shouldKeepAlive ? 'Upgrade' : 'close, Upgrade')
  }

  /**
   * Informational responses go to a client that knows them (RFC 9110 15.2), also when it reads slowly: they wait in the socket. A 100
   * is the upload's (upload.ts), or nobody has asked for it and it is ignored, from `http:`; undici breaks off with an upstream that
   * sends one and has no option for that, so from `https:` it is a 502.
   */
  #inform(controller: Dispatcher.DispatchController, status: number, raw: (Buffer | string)[]): void {
    this.#informed += 1
    if (this.#informed > maxInformed) {
      controller.abort(new BifrostError('UPSTREAM_BROKEN', 'too many informational responses'))
      return
    }
    if (status === 100 || this.#req.httpVersion === '1.0') return
    this.#res.writeInformation(status, responseHeaders(raw, this.#options.pseudonym))
  }

  #release(): PoolSlot | null {
    const slot = this.#slot
    this.#slot = null
    return slot
  }
}

/** undici reads the reason as UTF-8. Bytes that were none are lost, and the standard reason takes their place. */
function reasonOf(status: number, text = ''): string {
  return text.includes('\ufffd') ? (STATUS_CODES[status] ?? '') : Buffer.from(text).toString('latin1')
}

function flushHead(relay: Relay): void {
  relay.flush()
}
