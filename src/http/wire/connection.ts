/**
 * One connection to an `http://` upstream, for one exchange at a time. It takes the place of undici's Client, and speaks to the same
 * handler: of a request's cost undici was the larger half, for generality that a connection of ours has no use for.
 *
 *   free --dispatch--> dialling | waiting for a look at the socket --> running --the response is complete--> free
 *                                                                         '--fails, ends--> 502, or broken off
 *
 * All connections read into one buffer, since each read is handled before the next one begins; what is kept of it is copied.
 */
import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import { BifrostError } from '../../errors.ts'
import { parseAuthority } from '../address/authority.ts'
import { dial } from '../dial/dial.ts'
import type { Gate } from '../dial/gate.ts'
import type { Timed, WireClock } from './clock.ts'
import type { WireHandler, WireRequest } from './contract.ts'
import { idleMs } from './idle.ts'
import { type ReaderSink, ResponseReader } from './reader.ts'
import { requestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'
import { continueMs, Upload } from './upload.ts'

export interface WireOptions {
  /** `http://host:port`. */
  readonly origin: string
  readonly clock: WireClock
  readonly connectMs: number
  readonly idleMs: number
  readonly responseMs: number
  readonly gate: Gate | null
  readonly onConnect: () => void
  /** Once for each `onConnect`. */
  readonly onDisconnect: () => void
}

type Phase = 'free' | 'dialling' | 'waiting' | 'running'

const shared = Buffer.allocUnsafeSlow(64 * 1024)

const none = Object.freeze({})

export class WireConnection implements Dispatcher.DispatchController, Timed, ReaderSink {
  rawHeaders: string[] | null = null
  rawTrailers: string[] | null = null
  readonly #options: WireOptions
  readonly #clock: WireClock
  readonly #authority: string
  #socket: Socket | null = null
  #phase: Phase = 'free'
  #request: WireRequest | null = null
  #handler: WireHandler | null = null
  #upload: Upload | null = null
  readonly #reader = new ResponseReader(this)
  /** The request's head while it waits to be sent. */
  #head = ''
  #length = 0
  #hasAnswered = false
  #isKept = false
  #isPaused = false
  #isConnected = false
  #idleMs: number
  /** The tick of the last sign of life, or of the end of the last exchange. */
  #moved = 0

  constructor(options: WireOptions) {
    this.#options = options
    this.#clock = options.clock
    this.#idleMs = options.idleMs
    this.#authority = options.origin.slice('http://'.length)
  }

  get aborted(): boolean {
    return this.#handler === null
  }

  get paused(): boolean {
    return this.#isPaused
  }

  get reason(): Error | null {
    return null
  }

  dispatch(request: WireRequest, handler: WireHandler): void {
    this.#handler = handler
    const { method, path, headers, body } = request
    const head = requestHead({ method, path, headers, body, authority: this.#authority })
    if (head === null) {
      this.#fail(new BifrostError('BAD_REQUEST', 'the request cannot be written as HTTP/1.1'))
      return
    }
    this.#request = request
    this.#head = head.text
    this.#length = head.length
    this.#hasAnswered = false
    if (this.#socket === null) this.#dial()
    else {
      this.#phase = 'waiting'
      this.#clock.afterPoll(this)
    }
  }

  /** Writes the request that waits, to a new connection when the kept one has ended meanwhile. */
  send(): void {
    if (this.#phase !== 'waiting' || this.#request === null) return
    const socket = this.#socket
    if (socket === null) {
      this.#dial()
      return
    }
    this.#phase = 'running'
    this.#handler?.onRequestStart(this, none)
    this.#reader.start(this.#request.method === 'HEAD')
    this.#moved = this.#clock.tick
    const { body } = this.#request
    if (body === null) socket.write(this.#head, 'latin1')
    else {
      this.#upload = new Upload(socket, this.#head, body, this.#length, (error) => this.#fail(error))
    }
  }

  get socket(): Socket | null {
    return this.#socket
  }

  abort(reason: Error): void {
    this.#fail(reason)
  }

  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#socket?.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#moved = this.#clock.tick
    this.#socket?.resume()
  }

  /** Ends it with whatever runs on it; the handler hears nothing any more. */
  end(): void {
    this.#forget()
    this.#disconnect()
  }

  look(): void {
    const clock = this.#clock
    if (this.#phase === 'free') {
      if (clock.isOver(this.#moved, this.#idleMs)) this.#disconnect()
    } else if (this.#phase === 'running') {
      if (this.#upload?.isHeld && clock.isOver(this.#moved, continueMs)) this.#upload.ask()
      // Who is waited for is not the upstream: the client's side of the response, or of the request.
      const isOurs = this.#isPaused || (this.#upload !== null && !this.#upload.isBlocked)
      if (isOurs) this.#moved = clock.tick
      else if (clock.isOver(this.#moved, this.#options.responseMs))
        this.#fail(new BifrostError('UPSTREAM_TIMEOUT'))
    }
  }

  #dial(): void {
    const authority = parseAuthority(this.#authority)
    if (authority === null) {
      this.#fail(new BifrostError('BAD_AUTHORITY', `${this.#options.origin} is no origin`))
      return
    }
    this.#phase = 'dialling'
    const { connectMs: timeoutMs, gate } = this.#options
    const onread = { buffer: shared, callback: (length: number) => this.#read(length) }
    const socket = dial({ ...authority, timeoutMs, gate, onread }, (error) => {
      if (this.#socket !== socket) {
        socket.destroy()
        return
      }
      if (error !== null) {
        this.#socket = null
        this.#fail(error)
        return
      }
      this.#isConnected = true
      this.#options.onConnect()
      this.#clock.add(this)
      socket.on('error', (cause) => this.#lost(socket, cause))
      socket.on('end', () => this.#ended(socket))
      socket.on('close', () => this.#lost(socket, null))
      this.#phase = 'waiting'
      this.send()
      socket.resume()
    })
    this.#socket = socket
  }

  takeHead(head: ResponseHead): void {
    if (head.status === 101) {
      this.takeFault('a switch of protocols that nobody asked for')
      return
    }
    if (head.status >= 200) {
      this.#isKept = head.keepAlive && this.#request?.method !== 'HEAD'
      this.#idleMs = idleMs(head.keepAliveSecs, this.#options.idleMs)
    }
    if (head.status === 100) this.#upload?.ask()
    this.rawHeaders = head.fields
    this.#handler?.onResponseStart(this, head.status, none, head.reason)
  }

  takeData(piece: Buffer): void {
    this.#handler?.onResponseData(this, piece)
  }

  /** What comes behind a response belongs to nobody, and a request that is cut short ends its connection. */
  takeEnd(trailers: string[] | null, hasMore: boolean): void {
    const handler = this.#handler
    const upload = this.#upload
    const isSent = upload === null || upload.isDone
    const body = isSent ? null : this.#request?.body
    this.#forget()
    if (!this.#isKept || hasMore || this.#idleMs <= 0 || !isSent) this.#disconnect()
    else this.#moved = this.#clock.tick
    body?.destroy()
    this.rawTrailers = trailers
    handler?.onResponseEnd(this, none)
    this.rawHeaders = null
    this.rawTrailers = null
  }

  takeFault(what: string): void {
    this.#fail(new BifrostError('UPSTREAM_BROKEN', `the upstream sent ${what}`))
  }

  /** What has come is in `shared`. */
  #read(length: number): boolean {
    const handler = this.#handler
    if (handler === null || this.#phase !== 'running') {
      // Nobody has asked: whatever it is, it must not be taken for the answer to the next request.
      this.#disconnect()
      return true
    }
    this.#hasAnswered = true
    this.#moved = this.#clock.tick
    try {
      this.#reader.read(shared, length)
      if (this.#handler === handler) handler.flush()
    } catch (error) {
      this.#fail(error as Error)
    }
    return true
  }

  #fail(error: Error): void {
    const handler = this.#handler
    if (handler === null) return
    this.#forget()
    this.#disconnect()
    handler.onResponseError(this, error)
  }

  /** The upstream has sent its FIN. */
  #ended(socket: Socket): void {
    if (this.#socket === socket && !this.#reader.readEnd()) this.#lost(socket, null)
  }

  #lost(socket: Socket, cause: Error | null): void {
    if (this.#socket !== socket) return
    const isWaiting = this.#phase === 'waiting'
    if (!isWaiting && this.#handler !== null) {
      const what = 'the upstream ended the connection'
      if (this.#hasAnswered)
        this.#fail(new BifrostError('UPSTREAM_BROKEN', `${what} within its response`, { cause }))
      else this.#fail(cause ?? Object.assign(new Error(what), { code: 'ECONNRESET' }))
    } else this.#disconnect()
  }

  #forget(): void {
    this.#upload?.stop()
    this.#upload = null
    this.#handler = null
    this.#request = null
    this.#reader.stop()
    this.#head = ''
    this.#phase = 'free'
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#socket?.resume()
  }

  #disconnect(): void {
    const socket = this.#socket
    if (socket === null) return
    this.#socket = null
    socket.destroy()
    if (!this.#isConnected) return
    this.#isConnected = false
    this.#clock.delete(this)
    this.#options.onDisconnect()
  }
}
