/**
 * One HTTP/2 connection of a client: its streams, its bounds and its end.
 *
 *   open --retire()--> closing (GOAWAY with the last stream) --streams done--> closed
 *     |--no stream for idleMs, none at all in headerMs--> as retire()
 *     '--a flood--> closed (GOAWAY ENHANCE_YOUR_CALM)
 *
 * What a client has sent when it reads GOAWAY has a higher number, and it may repeat that elsewhere. RFC 9113 6.8 would have a first GOAWAY
 * with the highest number of all before; node:http2 has no nghttp2_submit_shutdown_notice, and after any other nghttp2 takes no streams.
 *
 * nghttp2 and node:http2 bound the rest by themselves: SETTINGS entries, acks that nobody reads, CONTINUATION frames, empty DATA frames
 * (maxSessionInvalidFrames). What waits for the client is bounded by h2-backlog.ts.
 */
import type { IncomingHttpHeaders } from 'node:http'
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
  /** From the start of a connection to its first whole request head. */
  readonly headerMs: number
  /** A connection without a stream is closed after it. */
  readonly idleMs: number
  readonly maxConcurrentStreams: number
  /** Names and values of a request, and 32 for each field (RFC 9113 6.5.2). */
  readonly maxHeaderBytes: number
  readonly maxFields: number
}

export interface H2Owner {
  readonly limits: H2Limits
  readonly backlog: Backlog
  /** False when no more streams may run. */
  enterStream(): boolean
  leaveStream(): void
  request(req: H2Request, res: H2Response): void
  /** The connection is ended because of what its client does. */
  cutOff(socket: Socket, reason: string): void
}

/** Pseudo-fields, and the pieces that browsers cut a Cookie into. */
const crumbs = 128

/** Streams that end too early, by whoever's reset: RFC 9113 10.5, CVE-2023-44487, CVE-2025-8671. */
const resets = { burst: 200, perSecond: 20 }
/** PING and SETTINGS: an answer is owed to each. */
const controls = { burst: 1_000, perSecond: 100 }
/** What is neither a body nor a request head may be eight times as much, and this on top (as nginx has it). */
const overheadBytes = 1024 * 1024
const overheadFactor = 8

const lingerMs = 1_000
/** Of a connection and of a stream: what may come that nobody has read. */
const connectionWindow = 1024 * 1024
const streamWindow = 64 * 1024

/**
 * It is ended by `setImmediate` only: streams begin and close while nghttp2 reads, and Node 26.10 can abort the process when a session is
 * destroyed there (as in nodejs/node#64850).
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

  /** Takes the socket over, with what it has read already. */
  constructor(socket: Socket, owner: H2Owner) {
    this.socket = socket
    this.#owner = owner
    this.#resets = new Budget(resets.burst, resets.perSecond, this.#since)
    this.#controls = new Budget(controls.burst, controls.perSecond, this.#since)
    const { maxConcurrentStreams, maxHeaderBytes, maxFields } = owner.limits
    // A client that has ended its side can neither ask nor open windows any more.
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
      // What an upstream may send twice in HTTP/1.1 is passed on twice.
      strictSingleValueFields: false,
    })
    this.#session = session
    this.#holding = new Holding(owner.backlog, () => this.#calm('memory'))
    session.once('close', () => this.#holding.close())
    session.setLocalWindowSize(connectionWindow)
    session.on('stream', (stream, headers, _flags, raw) =>
      this.#begin(stream as ServerHttp2Stream, headers, raw as unknown as readonly string[]),
    )
    session.on('ping', () => this.#control())
    session.on('remoteSettings', () => this.#control())
    session.on('error', (error: Error) => {
      const code = systemCode(error)
      if (code.startsWith('ERR_HTTP2_') && code !== 'ERR_HTTP2_SESSION_ERROR')
        owner.cutOff(socket, error.message)
    })
  }

  /** Streams that run. */
  get running(): number {
    return this.#running
  }

  /** No further requests: the client is told so, and the connection ends with the last that runs. */
  retire(): void {
    if (this.#isClosing || this.#session.destroyed) return
    this.#beginClosing()
    setImmediate(() => this.#session.close())
  }

  /** Looks at the clock; called about twice a second by whoever watches its client. */
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

  #begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, raw: readonly string[]): void {
    stream.on('error', ignore)
    this.#hasServed = true
    // Reset in the same read that opened it: nothing has begun, and nothing does.
    if (stream.destroyed || stream.closed) {
      this.#spendReset()
      return
    }
    if (this.#isCut || !this.#owner.enterStream()) {
      stream.close(constants.NGHTTP2_REFUSED_STREAM)
      return
    }
    this.#running += 1
    const req = new H2Request(stream, headers, raw, this.socket, this)
    const res = new H2Response(stream, req, this, this.#holding)
    stream.once('close', () => this.#ended(res))
    if (req.method === 'CONNECT') res.tunnel = new StreamClient(res)
    res.whenRoom(() => this.#owner.request(req, res))
  }

  #ended(res: H2Response): void {
    this.#owner.leaveStream()
    this.#running -= 1
    if (this.#running === 0) this.#since = performance.now()
    const isPremature = !res.writableFinished || res.stream.rstCode !== constants.NGHTTP2_NO_ERROR
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
    this.#owner.cutOff(this.socket, reason)
    this.#beginClosing()
    setImmediate(() => this.#session.destroy(new Error(reason), constants.NGHTTP2_ENHANCE_YOUR_CALM))
  }

  #beginClosing(): void {
    this.#isClosing = true
    this.#since = performance.now()
  }
}

const ignore = (): void => {}
