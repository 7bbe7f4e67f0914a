/** The writing half of a transport on a handle: pending bytes, backpressure and the FIN. */
import type { StreamHandle, WriteUser } from './handle-types.ts'
import { notConnected, pending, shutDown, writeBoth, writeMany, writeOne } from './handles.ts'
import { highWaterBytes } from './transport.ts'

type Piece = string | Uint8Array

/** Receives the events of the writes, never inside of a call. */
export interface WritesOwner {
  writesDrained(): void
  /** FIN, and close_notify of TLS, have left. */
  finSent(): void
  /** Also called inside of a write, which then returns false. */
  writesFailed(errno: number, syscall: string): void
}

export class Writes implements WriteUser {
  bytesWritten = 0
  pendingBytes = 0
  isEnded = false
  isShutDown = false
  /** The handle is being closed; nothing more is written or reported. */
  isStopped = false
  readonly #handle: StreamHandle
  readonly #owner: WritesOwner
  /** Node's TLSWrap takes one write at a time, so further ones wait here. Null for plain handles. */
  readonly #queue: Piece[] | null
  #queuedBytes = 0
  #isShuttingDown = false

  constructor(handle: StreamHandle, owner: WritesOwner, isTls: boolean) {
    this.#handle = handle
    this.#owner = owner
    this.#queue = isTls ? [] : null
  }

  /** Whether the FIN is on its way. */
  get isEnding(): boolean {
    return this.#isShuttingDown && !this.isShutDown
  }

  write(piece: Piece): boolean {
    if (this.isStopped || this.isEnded) return false
    const bytes = piece.length
    if (bytes === 0) return this.pendingBytes <= highWaterBytes
    if (this.#queue !== null && this.pendingBytes > 0) return this.#enqueue(piece, '')
    this.#count(bytes)
    return this.#started(writeOne(this.#handle, this, piece, bytes), bytes)
  }

  writeTwo(first: Piece, second: Piece): boolean {
    if (first.length === 0) return this.write(second)
    if (second.length === 0) return this.write(first)
    if (this.isStopped || this.isEnded) return false
    if (this.#queue !== null && this.pendingBytes > 0) return this.#enqueue(first, second)
    const bytes = first.length + second.length
    this.#count(bytes)
    return this.#started(writeBoth(this.#handle, this, first, second, bytes), bytes)
  }

  end(): void {
    if (this.isEnded || this.isStopped) return
    this.isEnded = true
    if (this.pendingBytes === 0) this.#shutDown()
  }

  writeDone(bytes: number, status: number): void {
    if (this.isStopped) return
    this.pendingBytes -= bytes
    if (status < 0) {
      this.#owner.writesFailed(status, 'write')
      return
    }
    if (this.#queuedBytes > 0) this.#writeQueue(this.#queue as Piece[])
    if (this.isStopped || this.pendingBytes > 0) return
    if (this.isEnded) this.#shutDown()
    this.#owner.writesDrained()
  }

  shutdownDone(status: number): void {
    if (this.isStopped) return
    this.isShutDown = true
    if (status < 0 && status !== notConnected) this.#owner.writesFailed(status, 'shutdown')
    else this.#owner.finSent()
  }

  /** Counts before the write: a failing write of TLS can report its end inside of the call. */
  #count(bytes: number): void {
    this.pendingBytes += bytes
    this.bytesWritten += bytes
  }

  #started(status: number, bytes: number): boolean {
    if (this.isStopped) return false
    if (status !== pending) this.pendingBytes -= bytes
    if (status < 0) {
      this.#owner.writesFailed(status, 'write')
      return false
    }
    return this.#hasRoom()
  }

  #hasRoom(): boolean {
    return this.pendingBytes <= highWaterBytes
  }

  #enqueue(first: Piece, second: Piece): boolean {
    this.#queue?.push(first)
    if (second.length > 0) this.#queue?.push(second)
    this.#queuedBytes += first.length + second.length
    this.#count(first.length + second.length)
    return this.#hasRoom()
  }

  #writeQueue(queue: Piece[]): void {
    const bytes = this.#queuedBytes
    this.#queuedBytes = 0
    const status = writeMany(this.#handle, this, queue.splice(0), bytes)
    if (this.isStopped) return
    if (status !== pending) this.pendingBytes -= bytes
    if (status < 0) this.#owner.writesFailed(status, 'write')
  }

  #shutDown(): void {
    if (this.#isShuttingDown) return
    this.#isShuttingDown = true
    const status = shutDown(this.#handle, this)
    if (status !== 0) this.shutdownDone(status)
  }
}
