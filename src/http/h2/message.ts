/**
 * The response of an HTTP/2 stream (RFC 9113 8); request.ts has the request. node:http2's compatibility layer is
 * not used: it ends a broken-off stream like a complete one, and it lists pseudo-fields among the others.
 */
import { constants, type ServerHttp2Stream } from 'node:http2'
import { dropLength } from '../fields/headers.ts'
import { fieldOf } from '../fields/lookup.ts'
import type { BodySource, HttpResponse, ResponseOwner, TunnelClient } from '../message/message.ts'
import { type FieldList, PreparedFields, type PreparedResponse } from '../message/prepared.ts'
import type { Holding } from './backlog.ts'
import type { H2Request, Tally } from './request.ts'
import { StreamRoom } from './room.ts'

export class H2Response implements HttpResponse {
  readonly request: H2Request
  readonly stream: ServerHttp2Stream
  status = 0
  keepsAlive = true
  tunnel: TunnelClient | undefined
  owner: ResponseOwner | null = null
  source: BodySource | null = null
  /** A premature end does not count against the client's reset budget. */
  isForgiven = false
  writtenBytes = 0
  readonly #tally: Tally
  #set: string[] | null = null
  #hasBody = true
  #isEnded = false
  #trailers: readonly string[] = []
  readonly #room: StreamRoom

  constructor(stream: ServerHttp2Stream, request: H2Request, tally: Tally, holding: Holding) {
    this.stream = stream
    this.request = request
    this.#tally = tally
    this.#room = new StreamRoom(stream, holding, () => this.source?.drained())
    stream.on('close', () => this.owner?.responseClosed(this))
  }

  get isHeadSent(): boolean {
    return this.stream.headersSent
  }

  get isClosed(): boolean {
    return this.stream.destroyed || this.stream.closed
  }

  get isComplete(): boolean {
    const { stream } = this
    // If the client had ended its side before, Node closes the stream after the last frame without 'finish'.
    const isClosed = stream.closed && stream.rstCode === constants.NGHTTP2_NO_ERROR
    return this.#isEnded && (stream.writableFinished || isClosed)
  }

  /** Body bytes that the client has not taken. */
  get pendingBytes(): number {
    return this.stream.bufferSize
  }

  /** Whether the client lags: it leaves bytes of this stream, or so many bytes of others that this one has no room. */
  get isBehind(): boolean {
    return this.pendingBytes > 0 || this.#room.isOwed
  }

  /**
   * Calls `then` once the connection and the worker have room, possibly at once; never if the stream ends
   * first.
   */
  whenRoom(then: () => void): void {
    this.#room.when(then)
  }

  room(bytes: number): Promise<void> | null {
    return this.#room.keep(bytes)
  }

  get bodyBytes(): { readonly received: number; readonly sent: number } {
    return { received: this.request.receivedBytes, sent: this.takenBytes }
  }

  /** Body bytes that the client has taken. */
  get takenBytes(): number {
    return this.writtenBytes - this.stream.bufferSize
  }

  setField(name: string, value: string): void {
    this.#set ??= []
    this.#set.push(name, value)
  }

  sendHead(status: number, _reason: string | undefined, list: FieldList): void {
    const given = list instanceof PreparedFields ? list.fields : list
    const fields = this.#withSet(given)
    if (status === 205) dropLength(fields)
    this.status = status
    const isEmpty = status === 204 || status === 205 || status === 304
    this.#hasBody = this.request.method !== 'HEAD' && !isEmpty && !this.isClosed
    if (this.isClosed) return
    const waitForTrailers = this.#hasBody && fieldOf(fields, 'content-length') === undefined
    if (waitForTrailers) this.stream.on('wantTrailers', () => this.#sendTrailers())
    this.stream.respond([':status', String(status), ...fields], { waitForTrailers })
  }

  sendPrepared({ status, fields, body }: PreparedResponse): void {
    this.sendHead(status, undefined, fields)
    this.end(body)
  }

  write(piece: string | Uint8Array, done?: () => void): boolean {
    if (!this.#hasBody || this.isClosed) {
      if (done !== undefined) process.nextTick(done)
      return true
    }
    return this.#write(piece, done)
  }

  /** Writes tunnel bytes. */
  writeRaw(piece: string | Uint8Array): boolean {
    return this.#write(piece)
  }

  end(last?: string | Uint8Array, done?: () => void): void {
    if (this.isClosed) {
      if (done !== undefined) process.nextTick(done)
      return
    }
    if (!this.isHeadSent) this.sendHead(200, undefined, [])
    this.#isEnded = true
    if (this.#hasBody) {
      if (last === undefined) this.stream.end(done)
      else {
        this.#count(last.length)
        this.stream.end(bytesOf(last), done)
      }
      this.#room.settle()
    } else if (done !== undefined) process.nextTick(done)
    if (!this.request.isComplete) this.#stopUpload()
  }

  /** Nothing to do: the head is its own frame. */
  flush(): void {}

  inform(status: number, _reason: string | undefined, fields: readonly string[]): void {
    if (this.isClosed || this.isHeadSent) return
    // Informational responses have no backpressure: for a client that does not read they would pile up.
    if (status !== 100 && (this.stream.session?.state.outboundQueueSize ?? 0) > maxQueuedFrames) return
    this.stream.additionalHeaders({ ...record(fields), ':status': status })
  }

  setTrailers(fields: readonly string[]): void {
    this.#trailers = fields
  }

  abort(): void {
    if (this.isClosed) return
    this.isForgiven = true
    // close() would end the stream before the reset, and a response without a length would look complete.
    this.stream.destroy(brokenOff)
  }

  /** Adds the fields of `setField`, except those that `given` names. */
  #withSet(given: readonly string[]): string[] {
    const out = [...given]
    const set = this.#set
    if (set === null) return out
    for (let at = 0; at < set.length; at += 2) {
      const name = set[at] as string
      if (fieldOf(given, name.toLowerCase()) === undefined) out.push(name, set[at + 1] as string)
    }
    return out
  }

  #sendTrailers(): void {
    if (!this.isClosed) this.stream.sendTrailers(record(this.#trailers))
  }

  /**
   * Tells a client that still uploads to stop (RFC 9113 8.1), once the whole response has left: a reset would
   * discard the rest.
   */
  #stopUpload(): void {
    const { stream } = this
    this.request.discardBody()
    const look = (): void => {
      if (this.isClosed || this.request.isComplete) return
      stream.resume()
      if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR)
      else setTimeout(look, stopUploadMs)
    }
    setImmediate(look)
  }

  #write(piece: string | Uint8Array, done?: () => void): boolean {
    this.#count(piece.length)
    return this.#room.write(bytesOf(piece), done)
  }

  #count(bytes: number): void {
    this.writtenBytes += bytes
    this.#tally.payloadBytes += bytes
  }
}

/** Text is latin1, one byte a character. */
const bytesOf = (piece: string | Uint8Array): Uint8Array =>
  typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece

const stopUploadMs = 20
/** Maximum frames that wait for the connection's socket. */
const maxQueuedFrames = 256

const brokenOff = new Error('aborted')

function record(fields: readonly string[]): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null)
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] as string).toLowerCase()
    out[name] ??= []
    out[name].push(fields[at + 1] as string)
  }
  return out
}
