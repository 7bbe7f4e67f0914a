/**
 * One request and its response over an upstream connection, streamed both ways.
 *
 *   client --HttpRequest------> RequestBody --undici--> upstream
 *   client <--HttpResponse----  Relay       <--undici-- upstream      (pause/resume on the response's 'drain')
 *
 * Hot path: one handler object per exchange, no closures. Before the response head is sent, a failure is
 * answered from the error table; after it, the client's connection is broken off, so that a cut response
 * never looks complete.
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
  /** Called at most once, before the client is answered or cut off. */
  relayFailed(code: ErrorCode, cause: unknown): void
  /** Answers a request that is not read to its end, in place of the relay, which has ended. */
  refuse(code: ErrorCode): void
  /** True while every response must end its connection. */
  readonly closing: boolean
  /** The request id shown to the client; null if there is none. */
  readonly shownId: string | null
  /** An attempt starts on a kept or a new connection. Called again for a retry. */
  dialled(upstream: string, isReused: boolean): void
  /** The attempt has its connection; null if the socket is not known. */
  connected(peer: Socket | null): void
  /** A valid response head has arrived from the upstream. */
  answered(status: number): void
  /** The attempt is over; `code` is its failure, or null. Called once per attempt. */
  attemptEnded(code: ErrorCode | null): void
}

export interface RelayOptions {
  readonly pool: UpstreamPool
  /** `scheme://host:port`. */
  readonly origin: string
  readonly path: string
  /** Flat, from `requestHeaders`. */
  readonly headers: string[]
  readonly pseudonym: string
  /** Infinity: unlimited. */
  readonly maxBodyBytes: number
  /** Removes the trailer fields that only this proxy may set; null if there are none to remove. */
  readonly cleanTrailers: ((came: readonly string[]) => readonly string[]) | null
  readonly reclaimer: Reclaimer
  readonly owner: RelayOwner
}

/**
 * Maximum informational responses per exchange. They are written without backpressure, so this and the size
 * of a head bound the buffered bytes.
 */
const maxInformed = 16

/** Largest body that is written as a string. */
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
  /** The first chunk of the body, while it may also be the last. */
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

  /**
   * The client's side is over. If the response is not complete, this ends the upstream connection as well.
   */
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
    owner.relayFailed('BODY_TOO_LARGE', 'the body is larger than allowed')
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
      controller.abort(
        new BifrostError('UPSTREAM_BROKEN', 'the response has a transfer coding other than chunked'),
      )
      return
    }
    const fields = responseHeaders(raw, this.#options.pseudonym, this.#options.owner.shownId)
    if (status === 204) dropLength(fields)
    if (this.#options.owner.closing) this.#res.shouldKeepAlive = false
    if (status === 426 && this.#req.httpVersionMajor === 1) this.#offerUpgrade(fields, raw)
    // Throws on text that must not be sent, such as a control character in the reason; undici turns that into
    // an error of the exchange.
    this.#res.writeHead(status, this.#isToldOfReads ? statusText : reasonOf(status, statusText), fields)
    this.#isAnswered = true
    this.#options.owner.answered(status)
    // A head usually arrives together with its first bytes; a head that arrives alone must not wait for them.
    if (!this.#isToldOfReads) process.nextTick(flushHead, this)
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#isOver) return
    this.#options.reclaimer.moved(chunk.length)
    if (this.#isFlushed) {
      this.#write(chunk)
      return
    }
    // Most responses end with their first chunk; head and body then leave in one write.
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
    // node:http joins head and body into one string, and writes it without a copy or a list of buffers.
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

  /** Sends what is held back of an incomplete response: the head and the first chunk of the body. */
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

  /**
   * A kept connection may close just as it is used again; RFC 9110 9.2.2 allows a retry of idempotent
   * requests.
   */
  #mayRetry(error: Error): boolean {
    if (this.#isAnswered || this.#body !== null || !retryableErrors.has(systemCode(error))) return false
    return /^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/.test(this.#req.method ?? '')
  }

  /**
   * Adds Upgrade. If the connection ends after this response, the same Connection field has to contain
   * `close` as well.
   */
  #offerUpgrade(fields: string[], raw: (Buffer | string)[]): void {
    const protocols = upgradeOf(raw)
    if (protocols === '') return
    if (this.#req.httpVersionMinor === 0) this.#res.shouldKeepAlive = false
    fields.push('Upgrade', protocols, 'Connection', this.#res.shouldKeepAlive ? 'Upgrade' : 'close, Upgrade')
  }

  /**
   * Forwards informational responses to clients that know them (RFC 9110 15.2), slow readers included: they
   * wait in the socket. From `http:` upstreams, a 100 belongs to the upload (upload.ts) or is unsolicited and
   * ignored. undici fails on an unsolicited 100 and has no option for it, so from `https:` upstreams it
   * becomes a 502.
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

/**
 * undici decodes the reason as UTF-8. If it was not UTF-8 its bytes are lost, so the standard reason takes
 * its place.
 */
function reasonOf(status: number, text = ''): string {
  return text.includes('\ufffd') ? (STATUS_CODES[status] ?? '') : Buffer.from(text).toString('latin1')
}

function flushHead(relay: Relay): void {
  relay.flush()
}
