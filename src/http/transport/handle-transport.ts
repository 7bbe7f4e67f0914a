/** A transport on a libuv handle: reads into a shared buffer and writes without streams and events. */
import type { Socket } from 'node:net'
import { endOfFile } from './bindings.ts'
import type { HandleUser, SocketName, StreamHandle } from './handle-types.ts'
import { attach, closeHandle, ownName, peerName, resetHandle, socketOn } from './handles.ts'
import { isTls } from './socket-transport.ts'
import { systemError } from './system-error.ts'
import type { Transport, TransportKeeper, TransportOwner } from './transport.ts'
import { keepAliveSecs, unowned } from './unowned.ts'
import { Writes, type WritesOwner } from './writes.ts'

/** All handles of a thread read into it: the bytes are used before the next read. */
const sharedBuffer: Buffer = Buffer.allocUnsafeSlow(64 * 1024)

/** A connection that was given away. */
export interface Detached {
  readonly socket: Socket
  /** Bytes that arrived and were not delivered, or null. */
  readonly unread: Buffer | null
}

export class HandleTransport implements Transport, HandleUser, WritesOwner {
  owner: TransportOwner = unowned
  keeper: TransportKeeper | null = null
  bytesRead = 0
  isClosed = false
  hasPeerEnded = false
  isPaused = true
  readonly #handle: StreamHandle
  /** The Node socket that owns the handle; null for a bare handle. */
  readonly #socket: Socket | null
  readonly #isTls: boolean
  readonly #writes: Writes
  /** The next bytes arrive here. Node keeps no reference to it. */
  #buffer = sharedBuffer
  #hasBuffer = false
  #isReading = false
  /** Bytes and FIN that arrived before `resume`. */
  #unread: Buffer[] | null = null
  #hasUnreadEnd = false
  #error: Error | null = null
  #remote: SocketName | null
  #hasNoDelay = false
  #hasKeepAlive = false

  /** A handle of a socket must not be reading. `remote`: the peer's name, if it is known; otherwise it is asked for. */
  constructor(
    handle: StreamHandle,
    socket: Socket | null = null,
    unread: Buffer[] = [],
    remote: SocketName | null = null,
  ) {
    this.#handle = handle
    this.#socket = socket
    this.#remote = remote
    this.#isTls = socket !== null && isTls(socket)
    this.#writes = new Writes(handle, this, this.#isTls)
    this.#unread = unread.length === 0 ? null : unread
    for (const piece of unread) this.bytesRead += piece.length
    attach(handle, this)
    if (socket === null) return
    if (socket.readableEnded) this.#hasUnreadEnd = true
    else socket.once('end', () => this.#takeEnd())
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.once('close', () => this.handleClosed())
  }

  get bytesWritten(): number {
    return this.#writes.bytesWritten
  }

  /** For plain handles what libuv has not passed on: a large write shrinks while a slow peer reads it. */
  get pendingBytes(): number {
    const { pendingBytes } = this.#writes
    return pendingBytes === 0 || this.#isTls ? pendingBytes : (this.#handle.writeQueueSize ?? pendingBytes)
  }

  get isEnded(): boolean {
    return this.#writes.isEnded
  }

  get canReset(): boolean {
    return !this.#isTls && this.#handle.reset !== undefined
  }

  get remoteAddress(): string {
    return this.#peerName().address ?? ''
  }

  get remotePort(): number {
    return this.#peerName().port ?? 0
  }

  get localAddress(): string {
    return this.#writes.isStopped ? '' : (ownName(this.#handle).address ?? '')
  }

  /** The descriptor; -1 if unknown. */
  get fd(): number {
    return this.#writes.isStopped ? -1 : (this.#handle.fd ?? -1)
  }

  resume(): void {
    if (!this.isPaused || this.isClosed) return
    this.isPaused = false
    if (this.#unread === null && !this.#hasUnreadEnd) this.#startReading()
    else process.nextTick(() => this.#deliver())
  }

  pause(): void {
    if (this.isPaused) return
    this.isPaused = true
    if (!this.#isReading || this.isClosed) return
    this.#isReading = false
    this.#handle.readStop()
  }

  readInto(buffer: Buffer | null): void {
    if (!this.isClosed && this.#choose(buffer) !== undefined && this.#hasBuffer) {
      this.#handle.useUserBuffer(this.#buffer)
    }
  }

  write(piece: string | Uint8Array): boolean {
    return !this.isClosed && this.#writes.write(piece)
  }

  writeTwo(first: string | Uint8Array, second: string | Uint8Array): boolean {
    return !this.isClosed && this.#writes.writeTwo(first, second)
  }

  end(): void {
    if (!this.isClosed) this.#writes.end()
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    // TLS reports a write as done, and sends its close_notify, a turn of the loop later.
    if (this.#isTls && this.isEnded && !this.#writes.isShutDown) {
      setImmediate(() => setImmediate(() => this.#release()))
    } else this.#release()
  }

  reset(): void {
    if (!this.canReset) this.close()
    if (this.isClosed) return
    this.isClosed = true
    // libuv cannot reset while the FIN is on its way, and Node would then never close the handle.
    if (this.#writes.isEnding) {
      this.#release()
      return
    }
    this.#writes.isStopped = true
    if (this.#socket === null) resetHandle(this.#handle)
    else this.#socket.resetAndDestroy()
  }

  setNoDelay(): void {
    if (this.#hasNoDelay || this.isClosed) return
    this.#hasNoDelay = true
    this.#handle.setNoDelay?.(true)
  }

  setKeepAlive(): void {
    if (this.#hasKeepAlive || this.isClosed) return
    this.#hasKeepAlive = true
    this.#handle.setKeepAlive?.(true, keepAliveSecs)
  }

  /** See `detach` in transport-of.ts. */
  detach(): Detached | null {
    if (this.isClosed || this.isEnded || this.pendingBytes > 0 || this.#isTls) return null
    this.pause()
    const unread = this.#unread === null ? null : Buffer.concat(this.#unread)
    this.isClosed = true
    this.#writes.isStopped = true
    this.keeper = null
    this.owner = unowned
    return { socket: this.#socket ?? socketOn(this.#handle), unread }
  }

  readDone(count: number): Buffer | undefined {
    if (this.isClosed) return undefined
    if (count > 0) {
      this.bytesRead += count
      if (this.isPaused || this.#unread !== null) {
        // TLS passes on all that it has decrypted, also after a pause.
        this.#unread ??= []
        this.#unread.push(Buffer.from(this.#buffer.subarray(0, count)))
        return undefined
      }
      const next = this.owner.received(this.#buffer, count)
      return next === undefined || this.isClosed ? undefined : this.#choose(next)
    }
    if (count === endOfFile) this.#takeEnd()
    else if (count < 0) this.#fail(count, 'read')
    return undefined
  }

  handleClosed(): void {
    this.isClosed = true
    this.#writes.isStopped = true
    this.#unread = null
    this.keeper?.transportClosed()
    this.owner.closed(this.#error)
  }

  writesDrained(): void {
    if (!this.isClosed) this.owner.drained()
  }

  finSent(): void {
    if (this.isClosed) this.#release()
    else if (this.hasPeerEnded) this.close()
  }

  writesFailed(errno: number, syscall: string): void {
    this.#fail(errno, syscall)
  }

  /** Delivers what arrived before `resume`, and goes on reading. */
  #deliver(): void {
    const waiting = this.#unread
    while (waiting !== null && waiting.length > 0) {
      if (this.isPaused || this.isClosed) return
      const piece = waiting.shift() as Buffer
      const next = this.owner.received(piece, piece.length)
      if (next === undefined || this.isClosed) continue
      if (this.#choose(next) !== undefined && this.#hasBuffer) this.#handle.useUserBuffer(this.#buffer)
    }
    if (this.isPaused || this.isClosed) return
    this.#unread = null
    if (!this.#hasUnreadEnd) {
      this.#startReading()
      return
    }
    this.#hasUnreadEnd = false
    this.#takeEnd()
  }

  #startReading(): void {
    if (this.#isReading || this.hasPeerEnded) return
    this.#isReading = true
    if (!this.#hasBuffer) {
      this.#hasBuffer = true
      this.#handle.useUserBuffer(this.#buffer)
    }
    const status = this.#handle.readStart()
    if (status < 0) this.#fail(status, 'read')
  }

  /** The buffer to return to Node; undefined if it is the current one. */
  #choose(next: Buffer | null): Buffer | undefined {
    const chosen = next ?? sharedBuffer
    if (chosen === this.#buffer) return undefined
    this.#buffer = chosen
    return chosen
  }

  #takeEnd(): void {
    if (this.hasPeerEnded || this.isClosed) return
    this.#isReading = false
    if (this.isPaused || this.#unread !== null) {
      this.#hasUnreadEnd = true
      return
    }
    this.hasPeerEnded = true
    this.owner.peerEnded()
    if (this.#writes.isShutDown) this.close()
  }

  #fail(errno: number, syscall: string): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#error ??= systemError(errno, syscall)
    this.#release()
  }

  /** Gives the handle back to the system; `handleClosed` follows. */
  #release(): void {
    if (this.#writes.isStopped) return
    this.#writes.isStopped = true
    if (this.#socket === null) closeHandle(this.#handle)
    else this.#socket.destroy()
  }

  #peerName(): SocketName {
    this.#remote ??= this.#writes.isStopped ? {} : peerName(this.#handle)
    return this.#remote
  }
}
