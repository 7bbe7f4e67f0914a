/**
 * The response of an HTTP/2 stream (RFC 9113 8) as an HttpResponse; request.ts has the request. node:http2's
 * compatibility layer is not used: it ends a broken-off stream like a complete one, and it lists
 * pseudo-fields among the others.
 */
import { EventEmitter } from 'node:events'
import type { OutgoingHttpHeaders } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { dropLength } from '../fields/headers.ts'
import type { HttpResponse, TunnelClient } from '../message.ts'
import type { Holding } from './backlog.ts'
import type { H2Request, Tally } from './request.ts'
import { StreamRoom } from './room.ts'

export class H2Response extends EventEmitter implements HttpResponse {
  readonly req: H2Request
  readonly stream: ServerHttp2Stream
  statusCode = 200
  shouldKeepAlive = true
  tunnel: TunnelClient | undefined
  /** A premature end does not count against the client's reset budget. */
  isForgiven = false
  writtenBytes = 0
  readonly #tally: Tally
  #set: string[] | null = null
  #hasBody = true
  #isEnded = false
  #trailers: Record<string, string[]> | null = null
  readonly #room: StreamRoom

  constructor(stream: ServerHttp2Stream, req: H2Request, tally: Tally, holding: Holding) {
    super()
    this.stream = stream
    this.req = req
    this.#tally = tally
    this.#room = new StreamRoom(stream, holding, () => this.emit('drain'))
    stream.on('close', () => this.emit('close'))
  }

  get headersSent(): boolean {
    return this.stream.headersSent
  }

  get destroyed(): boolean {
    return this.stream.destroyed || this.stream.closed
  }

  get writableFinished(): boolean {
    const { stream } = this
    // If the client had ended its side before, Node closes the stream after the last frame without 'finish'.
    const isClosed = stream.closed && stream.rstCode === constants.NGHTTP2_NO_ERROR
    return this.#isEnded && (stream.writableFinished || isClosed)
  }

  get socket(): { readonly writableNeedDrain: boolean } {
    return this.stream
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
    return { received: this.req.receivedBytes, sent: this.takenBytes }
  }

  /** Body bytes that the client has taken. */
  get takenBytes(): number {
    return this.writtenBytes - this.stream.bufferSize
  }

  setHeader(name: string, value: string): void {
    this.#set ??= []
    this.#set.push(name, value)
  }

  writeHead(status: number, reason: string | undefined, fields: string[]): void
  writeHead(status: number, fields: string[] | OutgoingHttpHeaders): void
  writeHead(status: number, second?: string | string[] | OutgoingHttpHeaders, third?: string[]): void {
    const given = third ?? (typeof second === 'object' ? second : [])
    const fields = this.#withSet(Array.isArray(given) ? given : flat(given))
    if (status === 205) dropLength(fields)
    this.statusCode = status
    this.#hasBody =
      this.req.method !== 'HEAD' && status !== 204 && status !== 205 && status !== 304 && !this.destroyed
    if (this.destroyed) return
    const waitForTrailers = this.#hasBody && !hasLength(fields)
    if (waitForTrailers) this.stream.on('wantTrailers', () => this.#sendTrailers())
    this.stream.respond([':status', String(status), ...fields], { waitForTrailers })
  }

  write(chunk: string | Uint8Array, done?: (error: Error | null | undefined) => void): boolean {
    if (!this.#hasBody) {
      if (done !== undefined) process.nextTick(done)
      return true
    }
    return this.#write(chunk, done)
  }

  /** Writes tunnel bytes. */
  writeRaw(chunk: Buffer): boolean {
    return this.#write(chunk)
  }

  end(last?: string | Uint8Array, second?: BufferEncoding | (() => void)): void {
    const encoding = typeof second === 'string' ? second : 'utf8'
    const done = typeof second === 'function' ? second : undefined
    if (!this.headersSent) this.writeHead(this.statusCode, [])
    this.#isEnded = true
    if (this.#hasBody) {
      if (last !== undefined) this.#count(last, encoding)
      if (last !== undefined) this.stream.end(last, encoding, done)
      else this.stream.end(done)
      this.#room.settle()
    } else if (done !== undefined) process.nextTick(done)
    if (!this.req.complete) this.#stopUpload()
  }

  flushHeaders(): void {
    if (!this.headersSent) this.writeHead(this.statusCode, [])
  }

  writeInformation(status: number, fields: readonly string[]): void {
    if (this.destroyed || this.headersSent) return
    // Informational responses have no backpressure: for a client that does not read they would pile up.
    if (status !== 100 && (this.stream.session?.state.outboundQueueSize ?? 0) > maxQueuedFrames) return
    this.stream.additionalHeaders({ ...record(fields), ':status': status })
  }

  addTrailers(fields: readonly [string, string][]): void {
    this.#trailers = record(fields.flat())
  }

  destroy(): this {
    if (this.destroyed) return this
    this.isForgiven = true
    // close() would end the stream before the reset, and a response without a length would look complete.
    this.stream.destroy(brokenOff)
    return this
  }

  /** Adds the fields of `setHeader`, except those that `fields` names. */
  #withSet(fields: string[]): string[] {
    if (this.#set === null) return fields
    const names = new Set(fields.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase()))
    const out = [...fields]
    for (let at = 0; at < this.#set.length; at += 2) {
      const name = this.#set[at] as string
      if (!names.has(name.toLowerCase())) out.push(name, this.#set[at + 1] as string)
    }
    return out
  }

  #sendTrailers(): void {
    if (!this.stream.destroyed && !this.stream.closed) this.stream.sendTrailers(this.#trailers ?? {})
  }

  /**
   * Tells a client that still uploads to stop (RFC 9113 8.1), once the whole response has left: a reset would
   * discard the rest.
   */
  #stopUpload(): void {
    const { stream } = this
    stream.on('data', (chunk: Buffer) => this.req.count(chunk.length))
    const look = (): void => {
      if (this.destroyed || this.req.complete) return
      stream.resume()
      if (stream.state.localClose === 1) stream.close(constants.NGHTTP2_NO_ERROR)
      else setTimeout(look, stopUploadMs)
    }
    setImmediate(look)
  }

  #write(chunk: string | Uint8Array, done?: (error: Error | null | undefined) => void): boolean {
    this.#count(chunk)
    return this.#room.write(chunk, done)
  }

  #count(chunk: string | Uint8Array, encoding: BufferEncoding = 'utf8'): void {
    const bytes = typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.byteLength
    this.writtenBytes += bytes
    this.#tally.payloadBytes += bytes
  }
}

const stopUploadMs = 20
/** Maximum frames that wait for the connection's socket. */
const maxQueuedFrames = 256

const brokenOff = new Error('aborted')

function flat(fields: OutgoingHttpHeaders): string[] {
  const out: string[] = []
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) out.push(name, String(value))
  return out
}

function record(fields: readonly string[]): Record<string, string[]> {
  const out: Record<string, string[]> = Object.create(null)
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] as string).toLowerCase()
    out[name] ??= []
    out[name].push(fields[at + 1] as string)
  }
  return out
}

function hasLength(fields: readonly string[]): boolean {
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    if (name.length === 14 && name.toLowerCase() === 'content-length') return true
  }
  return false
}
