/** CONNECT over HTTP/2. */
import { constants } from 'node:http2'
import type { ErrorCode } from '../../errors.ts'
import type { BodySink, BodySource, TunnelClient, TunnelSide } from '../message/message.ts'
import { sendReply } from '../reply/reply.ts'
import type { TransportOwner } from '../transport/transport.ts'
import { unowned } from '../transport/unowned.ts'
import type { H2Response } from './message.ts'

/** The client of a CONNECT over HTTP/2: a stream (RFC 9113 8.5). */
export class StreamClient implements TunnelClient {
  readonly side: TunnelSide
  readonly #res: H2Response

  constructor(res: H2Response) {
    this.#res = res
    this.side = new StreamSide(res)
  }

  get bodyBytes(): { readonly received: number; readonly sent: number } {
    return this.#res.bodyBytes
  }

  /** Flow control holds the bytes. The connection's frames are read anyway, so a reset is noticed. */
  wait(onLeft: () => void): void {
    this.side.owner = { ...unowned, closed: onLeft }
  }

  accept(fields: readonly string[]): readonly Buffer[] {
    this.side.owner = unowned
    if (this.#res.isClosed) return []
    this.#res.isForgiven = true
    this.#res.stream.respond([':status', '200', ...fields])
    return []
  }

  refuse(code: ErrorCode, requestId: string | null): number {
    this.side.owner = unowned
    if (requestId !== null) this.#res.setField('X-Request-Id', requestId)
    sendReply(this.#res, code, { requestId })
    return this.#res.writtenBytes
  }
}

/** Added to the pending bytes of a stream that waits for room in its connection: more than any piece. */
const blockedBytes = 2 ** 40
/** A write counts as progress only when all of it has left, so large pieces are written in parts. */
const partBytes = 32 * 1024

class StreamSide implements TunnelSide, BodySink, BodySource {
  owner: TransportOwner = unowned
  readonly #res: H2Response
  #isReading = false
  /** A write has returned false, and there is no room yet. */
  #isBlocked = false

  constructor(res: H2Response) {
    this.#res = res
    res.stream.on('close', () => this.owner.closed(res.stream.rstCode === 0 ? null : reset))
  }

  get isClosed(): boolean {
    return this.#res.isClosed
  }

  get isEnded(): boolean {
    return this.#res.stream.writableEnded
  }

  get hasPeerEnded(): boolean {
    return this.#res.request.isComplete
  }

  get pendingBytes(): number {
    return this.#res.stream.writableLength + (this.#isBlocked ? blockedBytes : 0)
  }

  resume(): void {
    if (this.#isReading) this.#res.request.resumeBody()
    else {
      this.#isReading = true
      this.#res.source = this
      this.#res.request.readBody(this)
    }
  }

  pause(): void {
    this.#res.request.pauseBody()
  }

  /** Node allocates a buffer for each read of a connection. */
  readInto(): void {}

  /** Options belong to the connection, which the session has set. */
  setNoDelay(): void {}

  setKeepAlive(): void {}

  write(piece: string | Uint8Array): boolean {
    if (this.isClosed) return false
    const whole = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
    for (let at = 0; at < whole.length; at += partBytes) {
      if (!this.#res.write(whole.subarray(at, at + partBytes), this.#left)) this.#isBlocked = true
    }
    return !this.#isBlocked
  }

  end(): void {
    if (!this.isClosed) this.#res.stream.end()
  }

  /** Resets the stream, as for a TCP connection that ends with an error (RFC 9113 8.5). */
  close(): void {
    if (this.#res.isClosed) return
    // Otherwise close() would first end the stream normally.
    this.#res.stream._final = (done) => done()
    this.#res.stream.close(constants.NGHTTP2_CONNECT_ERROR)
  }

  takeBody(piece: Buffer): void {
    this.owner.received(piece, piece.length)
  }

  takeBodyEnd(): void {
    this.owner.peerEnded()
  }

  /** The stream closes too. */
  takeBodyFault(): void {}

  /** There is room again, though bytes of this stream may still be waiting. */
  drained(): void {
    this.#isBlocked = false
    this.#left()
  }

  readonly #left = (): void => {
    if (this.pendingBytes === 0) this.owner.drained()
  }
}

const reset = new Error('the stream was reset')
