/** A transport on the public API of a socket, for where handles cannot be used. */
import type { Socket } from 'node:net'
import { highWaterBytes, type Transport, type TransportKeeper, type TransportOwner } from './transport.ts'
import { keepAliveSecs, unowned } from './unowned.ts'

/**
 * Before the first `resume` it only listens for the end of the socket, so that others may read from the socket
 * meanwhile: a TLS handshake, an HTTP/2 session.
 */
export class SocketTransport implements Transport {
  owner: TransportOwner = unowned
  keeper: TransportKeeper | null = null
  isEnded = false
  isPaused = true
  hasPeerEnded = false
  readonly #socket: Socket
  #unread: Buffer | null
  #received = 0
  #isClosed = false
  #isListening = false
  #isPending = false
  #error: Error | null = null

  constructor(socket: Socket, unread: Buffer | null) {
    this.#socket = socket
    this.#unread = unread
    socket.on('error', (error) => {
      this.#error ??= error
    })
    if (socket.closed) process.nextTick(() => this.#close())
    else socket.once('close', () => this.#close())
  }

  get bytesRead(): number {
    return this.#isListening ? this.#received : this.#socket.bytesRead
  }

  get bytesWritten(): number {
    return this.#socket.bytesWritten
  }

  get pendingBytes(): number {
    return this.isClosed ? 0 : this.#socket.writableLength
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#socket.destroyed
  }

  get canReset(): boolean {
    return !isTls(this.#socket) && this.#socket.remoteFamily !== undefined
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? ''
  }

  get remotePort(): number {
    return this.#socket.remotePort ?? 0
  }

  get localAddress(): string {
    return this.#socket.localAddress ?? ''
  }

  resume(): void {
    if (!this.isPaused || this.isClosed) return
    this.isPaused = false
    this.#listen()
    if (this.#unread === null && !this.#socket.readableEnded) this.#socket.resume()
    else process.nextTick(() => this.#deliver())
  }

  pause(): void {
    this.isPaused = true
    if (this.#isListening) this.#socket.pause()
  }

  /** Node's socket reads into buffers of its own. */
  readInto(): void {}

  write(piece: string | Uint8Array): boolean {
    if (this.isClosed || this.isEnded) return false
    this.#socket.write(piece as string, 'latin1', this.#written)
    this.#isPending = this.#socket.writableLength > 0
    return this.#socket.writableLength <= highWaterBytes
  }

  writeTwo(first: string | Uint8Array, second: string | Uint8Array): boolean {
    this.#socket.cork()
    this.write(first)
    const canGoOn = this.write(second)
    this.#socket.uncork()
    return canGoOn
  }

  end(): void {
    if (this.isEnded || this.isClosed) return
    this.isEnded = true
    this.#socket.end()
  }

  close(): void {
    if (this.isClosed) return
    // An ended TLS session sends its close_notify first, if there is nothing to wait for.
    if (this.isEnded && isTls(this.#socket) && !this.#socket.writableFinished) {
      this.#isClosed = true
      setImmediate(() => setImmediate(() => this.#socket.destroy()))
    } else this.#socket.destroy()
  }

  reset(): void {
    if (this.isClosed) return
    // Node never closes a socket that is reset while the FIN is on its way.
    const isEnding = this.isEnded && !this.#socket.writableFinished
    if (this.canReset && !isEnding) this.#socket.resetAndDestroy()
    else this.close()
  }

  setNoDelay(): void {
    if (!this.isClosed) this.#socket.setNoDelay(true)
  }

  setKeepAlive(): void {
    if (!this.isClosed) this.#socket.setKeepAlive(true, keepAliveSecs * 1000)
  }

  #listen(): void {
    if (this.#isListening) return
    this.#isListening = true
    this.#socket.allowHalfOpen = true
    this.#socket.pause()
    this.#socket.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#socket.on('end', () => this.#end())
  }

  #deliver(): void {
    if (this.isPaused || this.isClosed) return
    const unread = this.#unread
    this.#unread = null
    if (unread !== null) this.#receive(unread)
    if (this.isPaused || this.isClosed) return
    if (this.#socket.readableEnded) this.#end()
    else this.#socket.resume()
  }

  #receive(chunk: Buffer): void {
    if (this.isClosed) return
    this.#received += chunk.length
    this.owner.received(chunk, chunk.length)
  }

  #end(): void {
    if (this.hasPeerEnded || this.isClosed) return
    this.hasPeerEnded = true
    this.owner.peerEnded()
  }

  readonly #written = (): void => {
    if (!this.#isPending || this.isClosed || this.#socket.writableLength > 0) return
    this.#isPending = false
    this.owner.drained()
  }

  #close(): void {
    this.#isClosed = true
    this.keeper?.transportClosed()
    this.owner.closed(this.#error)
  }
}

/** A view of a socket that others read, such as a TLS handshake or an HTTP/2 session. */
export const passiveTransport = (socket: Socket): Transport => new SocketTransport(socket, null)

/** Node marks TLS sockets with this documented property. */
export const isTls = (socket: Socket): boolean => (socket as { encrypted?: boolean }).encrypted === true
