/**
 * One HTTP/1.1 connection to an upstream, for one exchange at a time.
 *
 *   free --dispatch--> dialling | waiting for a look at the socket --> running --response complete--> free
 *                                                                         '--fails, ends--> 502, or cut off
 */
import { BifrostError } from '../../../errors.ts'
import type { CoarseClock, Timed } from '../../clock.ts'
import type { Dialling } from '../../dial/target.ts'
import type { Transport, TransportOwner } from '../../transport/transport.ts'
import { probedAfterMs } from '../../transport/unowned.ts'
import type { Sender } from './after-poll.ts'
import type { ConnectionListener, OutgoingRequest, ResponseSink, UpstreamConnection } from './contract.ts'
import { idleMs } from './idle.ts'
import type { WireOptions } from './options.ts'
import { OwnBuffer } from './own-buffer.ts'
import { type ReaderSink, ResponseReader } from './reader.ts'
import { requestHead } from './request-head.ts'
import type { ResponseHead } from './response-head.ts'
import { continueMs, Upload, type UploadOwner } from './upload.ts'

type Phase = 'free' | 'dialling' | 'waiting' | 'running'

const none: readonly string[] = Object.freeze([])

type Roles = UpstreamConnection & TransportOwner & Timed & Sender & ReaderSink & UploadOwner

export class WireConnection implements Roles {
  /** For the clock only. */
  place = -1
  readonly #options: WireOptions
  readonly #clock: CoarseClock
  readonly #listener: ConnectionListener
  readonly #reader = new ResponseReader(this)
  readonly #own: OwnBuffer
  #transport: Transport | null = null
  #dialling: Dialling | null = null
  #phase: Phase = 'free'
  #request: OutgoingRequest | null = null
  #sink: ResponseSink | null = null
  #upload: Upload | null = null
  /** The request head while it waits to be written. */
  #head = ''
  #length = 0
  /** Whether a byte of the response, and the head of the final one, have arrived. */
  #hasAnswered = false
  #isHeadRead = false
  #isKept = false
  #isPaused = false
  #idleMs: number
  /** Tick that the running deadline counts from, or of the end of the last exchange. */
  #moved = 0

  constructor(options: WireOptions, listener: ConnectionListener) {
    this.#options = options
    this.#clock = options.clock
    this.#listener = listener
    this.#idleMs = options.idleMs
    this.#own = new OwnBuffer(options.buffers)
  }

  get transport(): Transport | null {
    return this.#transport
  }

  get isConnected(): boolean {
    return this.#transport !== null
  }

  dispatch(request: OutgoingRequest, sink: ResponseSink): void {
    this.#sink = sink
    const head = requestHead(request, this.#options.authority)
    if (head === null) {
      this.abort(new BifrostError('BAD_REQUEST', 'the request cannot be written as HTTP/1.1'))
      return
    }
    this.#request = request
    this.#head = head.text
    this.#length = head.length
    this.#hasAnswered = false
    this.#isHeadRead = false
    if (this.#transport === null) this.#dial()
    else {
      this.#phase = 'waiting'
      this.#options.afterPoll.add(this)
    }
  }

  /** Writes the waiting request; to a new connection if the kept one has ended in the meantime. */
  send(): void {
    const request = this.#request
    if (this.#phase !== 'waiting' || request === null) return
    const transport = this.#transport
    if (transport === null) {
      this.#dial()
      return
    }
    this.#phase = 'running'
    this.#sink?.requestStarted(transport)
    this.#reader.start(request.method === 'HEAD')
    this.#moved = this.#clock.tick
    const { body } = request
    if (body === null) transport.write(this.#head)
    else {
      this.#upload = new Upload(transport, this.#head, body, this.#length, this)
      this.#upload.start(this.#options.afterPoll)
    }
    this.#head = ''
  }

  abort(error: Error): void {
    const sink = this.#sink
    if (sink !== null) this.close()
    sink?.responseFailed(error)
  }

  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#transport?.pause()
    this.#readShared()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#moved = this.#clock.tick
    this.#transport?.resume()
  }

  close(): void {
    this.#forget()
    this.#disconnect()
  }

  look(): void {
    const clock = this.#clock
    if (this.#phase === 'free') {
      if (clock.isOver(this.#moved, this.#idleMs)) this.#disconnect()
      else if (clock.isOver(this.#moved, probedAfterMs)) this.#transport?.setKeepAlive()
    } else if (this.#phase === 'running') {
      const upload = this.#upload
      if (upload?.isHeld && !this.#isHeadRead && clock.isOver(this.#moved, continueMs)) upload.ask()
      // Otherwise the client is waited for: it reads the response, or sends the request.
      const isUpstreams = !this.#isPaused && (upload === null || upload.isBlocked)
      if (!isUpstreams) this.#moved = clock.tick
      else if (clock.isOver(this.#moved, this.#options.responseMs)) {
        this.abort(new BifrostError('UPSTREAM_TIMEOUT'))
      }
    }
  }

  received(bytes: Buffer, length: number): Buffer | null {
    const sink = this.#sink
    // Unrequested bytes must not become the answer to the next request.
    if (sink === null || this.#phase !== 'running') {
      this.#disconnect()
      return null
    }
    this.#hasAnswered = true
    // A head that arrives byte by byte does not move its deadline.
    if (this.#isHeadRead) this.#moved = this.#clock.tick
    const own = this.#own
    const isLent = own.lends(bytes, length)
    this.#reader.isLent = isLent
    try {
      this.#reader.read(bytes, length)
      if (this.#sink === sink) sink.flush()
    } catch (error) {
      this.abort(error as Error)
    }
    if (bytes === own.current && !isLent) own.release()
    if (this.#sink === sink && !this.#isPaused) own.prepare(length, this.#reader.plainLeft)
    return own.current
  }

  peerEnded(): void {
    if (this.#transport !== null && !this.#reader.readEnd()) this.#lost(null)
  }

  drained(): void {
    this.#upload?.drained()
  }

  closed(error: Error | null): void {
    this.#lost(error)
  }

  takeHead(head: ResponseHead): void {
    const { status } = head
    if (status === 101) {
      this.takeFault('a switch of protocols that was not requested')
      return
    }
    this.#moved = this.#clock.tick
    if (status >= 200) {
      this.#isHeadRead = true
      this.#isKept = head.keepAlive && this.#request?.method !== 'HEAD'
      this.#idleMs = idleMs(head.keepAliveSecs, this.#options.idleMs)
    } else if (status === 100 && this.#upload?.isHeld) {
      // The client gets its own 100, when the upload asks it for the body.
      this.#upload.ask()
      return
    }
    this.#sink?.responseStarted(status, head.reason, head.fields)
  }

  takeData(piece: Buffer): void {
    if (this.#reader.isLent) this.#own.lend(piece, this.#sink as ResponseSink)
    else this.#sink?.responseData(piece)
  }

  takeText(text: string): void {
    this.#sink?.responseData(text)
  }

  /**
   * Bytes after a response were not requested, and a request that was cut short leaves the connection in the
   * middle of a message; neither connection is used again.
   */
  takeEnd(trailers: string[] | null, hasMore: boolean): void {
    const sink = this.#sink
    const upload = this.#upload
    const isSent = upload === null || upload.isDone
    const body = isSent ? null : this.#request?.body
    this.#forget()
    if (!this.#isKept || hasMore || this.#idleMs <= 0 || !isSent) this.#disconnect()
    else this.#moved = this.#clock.tick
    body?.stop()
    sink?.responseEnded(trailers ?? none)
  }

  takeFault(what: string): void {
    this.abort(new BifrostError('UPSTREAM_BROKEN', `the upstream sent ${what}`))
  }

  uploadMoved(): void {
    this.#moved = this.#clock.tick
  }

  #dial(): void {
    this.#phase = 'dialling'
    const { dial, target } = this.#options
    this.#dialling = dial(target, (error, transport) => {
      this.#dialling = null
      if (transport === null) {
        this.abort(error as BifrostError)
        return
      }
      this.#transport = transport
      transport.owner = this
      this.#clock.add(this)
      this.#listener.connectionOpened()
      this.#phase = 'waiting'
      this.send()
      transport.resume()
    })
  }

  /** The connection has ended. A request that was not written yet goes to a new one. */
  #lost(cause: Error | null): void {
    if (this.#transport === null) return
    if (this.#phase !== 'running') {
      this.#disconnect()
      return
    }
    const what = 'the upstream ended the connection'
    if (this.#hasAnswered)
      this.abort(new BifrostError('UPSTREAM_BROKEN', `${what} within its response`, { cause }))
    else this.abort(cause ?? Object.assign(new Error(what), { code: 'ECONNRESET' }))
  }

  #forget(): void {
    this.#upload?.stop()
    this.#upload = null
    this.#sink = null
    this.#request = null
    this.#reader.stop()
    this.#head = ''
    this.#phase = 'free'
    this.#readShared()
    this.resume()
  }

  #readShared(): void {
    if (this.#own.release()) this.#transport?.readInto(null)
  }

  #disconnect(): void {
    this.#dialling?.giveUp()
    this.#dialling = null
    const transport = this.#transport
    if (transport === null) return
    this.#transport = null
    transport.close()
    this.#clock.delete(this)
    this.#listener.connectionClosed()
  }
}
