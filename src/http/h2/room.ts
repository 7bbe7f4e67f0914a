/** The share of one response in its connection's backlog (backlog.ts), and its wait for room. */
import type { ServerHttp2Stream } from 'node:http2'
import type { Holding } from './backlog.ts'

type Done = () => void

export class StreamRoom {
  readonly #stream: ServerHttp2Stream
  readonly #holding: Holding
  readonly #onDrain: () => void
  /** Bytes written and not taken by the client, or reserved for the next write. */
  #held = 0
  #kept = 0
  /** Runs when there is room; `#otherwise` runs if the stream ends first. */
  #then: (() => void) | null = null
  #otherwise: (() => void) | null = null

  /** `onDrain` runs when there is room again after a write that returned false. */
  constructor(stream: ServerHttp2Stream, holding: Holding, onDrain: () => void) {
    this.#stream = stream
    this.#holding = holding
    this.#onDrain = onDrain
    stream.on('drain', () => {
      if (holding.hasRoom) onDrain()
      else this.#oweDrain()
    })
    stream.on('close', () => this.#end())
  }

  /** Whether it waits because the client does not take the bytes of the connection's other streams. */
  get isOwed(): boolean {
    return this.#then !== null && this.#holding.isFull
  }

  /** Calls `then` now or when there is room; never if the stream ends first. */
  when(then: () => void): void {
    if (this.#holding.hasRoom) then()
    else this.#wait(then, null)
  }

  /**
   * Reserves room for the next write. Null if there is room; otherwise resolves when there is, or when the
   * stream has ended.
   */
  keep(bytes: number): Promise<void> | null {
    if (this.#isOver) return null
    if (this.#holding.hasRoom) {
      this.#keep(bytes)
      return null
    }
    return new Promise((resolve) => {
      const go = (): void => {
        this.#keep(bytes)
        resolve()
      }
      this.#wait(go, resolve)
    })
  }

  /** Like a stream's `write`, but also false while the connection or the worker has no room. */
  write(chunk: string | Uint8Array, done?: Done): boolean {
    const isOpen = this.#stream.write(chunk, done === undefined ? this.#settle : this.#settleAnd(done))
    this.settle()
    if (!isOpen || this.#holding.hasRoom) return isOpen
    this.#oweDrain()
    return false
  }

  /** Releases the reservation after a write. */
  settle(): void {
    this.#kept = 0
    this.#settle()
  }

  #keep(bytes: number): void {
    this.#kept = bytes
    this.#settle()
  }

  readonly #settle = (): void => {
    const held = this.#isOver ? 0 : this.#stream.writableLength + this.#kept
    const more = held - this.#held
    this.#held = held
    this.#holding.change(more)
  }

  #settleAnd(done: Done): Done {
    return () => {
      this.#settle()
      done()
    }
  }

  get #isOver(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  #oweDrain(): void {
    if (this.#then === null) this.#wait(this.#onDrain, null)
  }

  #wait(then: () => void, otherwise: (() => void) | null): void {
    this.#then = then
    this.#otherwise = otherwise
    this.#holding.wait(this.#proceed)
  }

  readonly #proceed = (): void => {
    const then = this.#then
    this.#then = null
    this.#otherwise = null
    then?.()
  }

  #end(): void {
    const otherwise = this.#otherwise
    this.#then = null
    this.#otherwise = null
    this.#holding.forget(this.#proceed)
    this.#settle()
    otherwise?.()
  }
}
