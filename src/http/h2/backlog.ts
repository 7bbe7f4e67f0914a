/**
 * Bounds the bytes buffered in this process for HTTP/2 clients, and the bytes such clients have sent and
 * nothing has read. A stream is cheap to open, and its client's windows decide whether it takes any data, so
 * the bounds apply per connection and per worker (all its connections):
 *
 *   below both      a stream may read on from its file or upstream
 *   one is reached  it waits until bytes of another stream have left; new requests of the connection wait
 *   still the case  while the worker's bound is reached, a connection that takes nothing for `staleMs` is
 *                   ended; at twice the bound the connection that holds most is ended at once
 */

/** Maximum bytes per connection. */
const maxConnectionBytes = 1024 * 1024
/** Longest pause of a reader before its connection may be ended. */
const staleMs = 5_000

/** Bytes held by all connections of a worker. */
export class Backlog {
  bytes = 0
  readonly maxBytes: number
  readonly maxConnectionBytes: number
  readonly #holdings = new Set<Holding>()

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
    this.maxConnectionBytes = Math.min(maxConnectionBytes, maxBytes / 4)
  }

  get isFull(): boolean {
    return this.bytes >= this.maxBytes
  }

  /** For holdings only. */
  join(holding: Holding): void {
    this.#holdings.add(holding)
  }

  /** For holdings only. */
  leave(holding: Holding): void {
    this.#holdings.delete(holding)
    this.change(-holding.bytes)
  }

  /** For holdings only. */
  change(by: number): void {
    const wasFull = this.isFull
    this.bytes += by
    if (by > 0 && this.bytes >= 2 * this.maxBytes) this.#endLargest()
    else if (wasFull && !this.isFull) this.#wakeAll()
  }

  #endLargest(): void {
    let largest: Holding | null = null
    for (const one of this.#holdings) if (largest === null || one.bytes > largest.bytes) largest = one
    largest?.end()
  }

  /** Wakes holdings in turn while there is room. Holdings not reached are first the next time. */
  #wakeAll(): void {
    for (const one of [...this.#holdings]) {
      if (this.isFull) return
      if (!one.isWaiting) continue
      this.#holdings.delete(one)
      this.#holdings.add(one)
      one.wake()
    }
  }
}

/** Bytes held by one connection, and its streams that wait for room. */
export class Holding {
  bytes = 0
  readonly #backlog: Backlog
  readonly #onTooMuch: () => void
  #waiting = new Set<() => void>()
  #movedAt = performance.now()
  #unread = 0
  #isOver = false

  constructor(backlog: Backlog, onTooMuch: () => void) {
    this.#backlog = backlog
    this.#onTooMuch = onTooMuch
    backlog.join(this)
  }

  /**
   * Whether the connection holds as many bytes for its client as allowed. Unread uploads do not count: the
   * response may be what makes the service read them.
   */
  get isFull(): boolean {
    return this.bytes - this.#unread >= this.#backlog.maxConnectionBytes
  }

  get hasRoom(): boolean {
    return !this.isFull && !this.#backlog.isFull
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** Adds to the held bytes; a negative number frees them. */
  change(by: number): void {
    if (by === 0 || this.#isOver) return
    this.bytes += by
    if (by < 0) this.#movedAt = performance.now()
    this.#backlog.change(by)
    if (by < 0) this.wake()
  }

  /** Calls the task once when there is room, unless `forget` removes it first. */
  wait(task: () => void): void {
    this.#waiting.add(task)
  }

  forget(task: () => void): void {
    this.#waiting.delete(task)
  }

  wake(): void {
    for (const task of this.#waiting) {
      if (!this.hasRoom) return
      this.#waiting.delete(task)
      task()
    }
  }

  /** Periodic check; `unread` is the number of bytes received from the client and not read. */
  look(now: number, unread: number): void {
    if (unread < this.#unread) this.#movedAt = now
    const more = unread - this.#unread
    this.#unread = unread
    this.change(more)
    if (this.bytes > 0 && this.#backlog.isFull && now - this.#movedAt >= staleMs) this.end()
  }

  /** Ends the connection because it holds too much. */
  end(): void {
    this.close()
    this.#onTooMuch()
  }

  /** Releases everything the connection holds. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#waiting.clear()
    this.#backlog.leave(this)
  }
}
