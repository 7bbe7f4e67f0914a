/**
 * One HTTP/2 connection of a client: its streams, its limits and its end.
 *
 *   open --retire()--> closing (GOAWAY with the last stream) --streams done--> closed
 *     |--no stream for idleMs, none at all in headerMs--> as retire()
 *     '--a flood--> closed (GOAWAY ENHANCE_YOUR_CALM)
 *
 * Streams sent before the client reads GOAWAY have higher numbers than the last stream, and the client may
 * repeat them elsewhere. RFC 9113 6.8 recommends a first GOAWAY with the highest number possible, but
 * node:http2 has no nghttp2_submit_shutdown_notice, and after any other GOAWAY nghttp2 accepts no streams.
 *
 * nghttp2 and node:http2 themselves limit SETTINGS entries, unread acks, CONTINUATION frames and empty DATA
 * frames (maxSessionInvalidFrames). backlog.ts limits the bytes buffered for the client.
 */
import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import { systemCode } from '../failure.ts'
import { type Backlog, Holding } from './backlog.ts'
import { Budget } from './budget.ts'
import { H2Response } from './message.ts'
import { H2Request, type Tally } from './request.ts'
import { StreamClient } from './tunnel.ts'

export interface H2Limits {
  /** Deadline for the first complete request head. */
  readonly headerMs: number
  /** A connection without streams is closed after this time. */
  readonly idleMs: number
  readonly maxConcurrentStreams: number
  /** Maximum size of a request head: names, values and 32 bytes per field (RFC 9113 6.5.2). */
  readonly maxHeaderBytes: number
  readonly maxFields: number
}

export interface H2Owner {
  readonly limits: H2Limits
  readonly backlog: Backlog
  /** False if the maximum number of streams is running. */
  enterStream(): boolean
  leaveStream(): void
  request(req: H2Request, res: H2Response): void
  /** The connection is ended because its client misbehaves. */
  cutOff(reason: string): void
}

/** Allowance for pseudo-fields and for the crumbs into which browsers split a Cookie. */
const crumbs = 128

/** Streams that end prematurely, reset by either side: RFC 9113 10.5, CVE-2023-44487, CVE-2025-8671. */
const resets = { burst: 200, perSecond: 20 }
/** PING and SETTINGS frames, each of which requires an answer. */
const controls = { burst: 1_000, perSecond: 100 }
/**
 * Bytes that are neither bodies nor request heads may be eight times the payload, plus this (as in nginx).
 */
const overheadBytes = 1024 * 1024
const overheadFactor = 8

const lingerMs = 1_000
/** Flow-control windows: received bytes that may stay unread, per connection and per stream. */
const connectionWindow = 1024 * 1024
const streamWindow = 64 * 1024

/**
 * The session is only destroyed in `setImmediate`: streams begin and close while nghttp2 reads, and
 * destroying the session at that point can abort Node 26.10 (as in nodejs/node#64850).
 */
export class H2Session implements Tally {
  readonly socket: Socket
  payloadBytes = 0
  readonly #session: ServerHttp2Session
  readonly #owner: H2Owner
  readonly #resets: Budget
  readonly #controls: Budget
  readonly #holding: Holding
  #running = 0
  #hasServed = false
  #isClosing = false
  #isCut = false
  #since = performance.now()

  /** Takes over the socket, including bytes already read from it. */
  constructor(socket: Socket, owner: H2Owner) {
    this.socket = socket
    this.#owner = owner
    this.#resets = new Budget(resets.burst, resets.perSecond, this.#since)
    this.#controls = new Budget(controls.burst, controls.perSecond, this.#since)
    const { maxConcurrentStreams, maxHeaderBytes, maxFields } = owner.limits
    // A client that has ended its side can neither send requests nor open windows.
    socket.allowHalfOpen = false
    const session = performServerHandshake(socket, {
      settings: {
        maxConcurrentStreams,
        maxHeaderListSize: maxHeaderBytes,
        initialWindowSize: streamWindow,
        enableConnectProtocol: false,
      },
      maxHeaderListPairs: maxFields + crumbs,
      maxSessionInvalidFrames: 100,
      maxSessionRejectedStreams: maxConcurrentStreams,
      // Fields that an HTTP/1.1 upstream may repeat are forwarded repeated.
      strictSingleValueFields: false,
    })
    this.#session = session
    this.#holding = new Holding(owner.backlog, () => this.#calm('memory'))
    session.once('close', () => this.#holding.close())
    session.setLocalWindowSize(connectionWindow)
    session.on('stream', (stream, _headers, _flags, raw) =>
      this.#begin(stream as ServerHttp2Stream, raw as unknown as readonly string[]),
    )
    session.on('ping', () => this.#control())
    session.on('remoteSettings', () => this.#control())
    session.on('error', (error: Error) => {
      const code = systemCode(error)
      if (code.startsWith('ERR_HTTP2_') && code !== 'ERR_HTTP2_SESSION_ERROR') owner.cutOff(error.message)
    })
  }

  /** Number of running streams. */
  get running(): number {
    return this.#running
  }

  /** Sends GOAWAY: no further requests, and the connection ends with its last running stream. */
  retire(): void {
    if (this.#isClosing || this.#session.destroyed) return
    this.#beginClosing()
    setImmediate(() => this.#session.close())
  }

  /** Periodic check, about twice a second, by the owner of the connection. */
  look(now: number): void {
    const waited = now - this.#since
    if (this.socket.bytesRead / overheadFactor > this.payloadBytes + overheadBytes) this.#calm('overhead')
    if (!this.#session.destroyed) this.#holding.look(now, this.#session.state.effectiveRecvDataLength ?? 0)
    const { headerMs, idleMs } = this.#owner.limits
    if (this.#running > 0) return
    if (this.#isClosing) {
      if (waited >= lingerMs) this.socket.destroy()
    } else if (waited >= (this.#hasServed ? idleMs : headerMs)) this.retire()
  }

  #begin(stream: ServerHttp2Stream, raw: readonly string[]): void {
    stream.on('error', ignore)
    this.#hasServed = true
    // The stream was reset in the same read that opened it: don't start an exchange.
    if (stream.destroyed || stream.closed) {
      this.#spendReset()
      return
    }
    if (this.#isCut || !this.#owner.enterStream()) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM)
      return
    }
    this.#running += 1
    const req = new H2Request(stream, raw, 'encrypted' in this.socket, this)
    const res = new H2Response(stream, req, this, this.#holding)
    stream.once('close', () => this.#ended(res))
    if (req.method === 'CONNECT') res.tunnel = new StreamClient(res)
    res.whenRoom(() => this.#owner.request(req, res))
  }

  #ended(res: H2Response): void {
    this.#owner.leaveStream()
    this.#running -= 1
    if (this.#running === 0) this.#since = performance.now()
    const isPremature = !res.isComplete || res.stream.rstCode !== constants.NGHTTP2_NO_ERROR
    if (isPremature && !res.isForgiven) this.#spendReset()
  }

  #spendReset(): void {
    if (!this.#resets.take(performance.now())) this.#calm('resets')
  }

  #control(): void {
    if (!this.#controls.take(performance.now())) this.#calm('control frames')
  }

  #calm(reason: string): void {
    if (this.#isCut || this.#session.destroyed) return
    this.#isCut = true
    this.#owner.cutOff(reason)
    this.#beginClosing()
    setImmediate(() => this.#session.destroy(new Error(reason), constants.NGHTTP2_ENHANCE_YOUR_CALM))
  }

  #beginClosing(): void {
    this.#isClosing = true
    this.#since = performance.now()
  }
}

const ignore = (): void => {}
