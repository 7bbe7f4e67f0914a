/**
 * Bytes that wait in this process for clients of HTTP/2, or that such clients have sent and nobody has read. A stream is cheap to open and
 * its client decides by its windows whether it takes anything, so the bounds are those of a connection and of all connections of a worker:
 *
 *   below both      a stream may read on from its file or upstream
 *   one is reached  it waits until another stream's bytes have left; new requests of the connection wait unserved
 *   still the case  while the worker's bound is reached, a connection that takes nothing for `staleMs` is ended;
 *                   at twice the bound the one that holds most is ended at once
 */

/** Bytes that one connection may hold. */
const maxConnectionBytes = 1024 * 1024
/** A reader that pauses for less is no reason to end its connection. */
const staleMs = 5_000

/** What all connections of a worker hold. */
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

  /** One after the other, as long as there is room; the next time those begin that were not reached. */
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

/** What one connection holds, and which of its streams wait for room. */
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

  /** The connection holds as much for its client as it may. What the client has sent is another matter: its answer may be what frees it. */
  get isFull(): boolean {
    return this.bytes - this.#unread >= this.#backlog.maxConnectionBytes
  }

  get hasRoom(): boolean {
    return !this.isFull && !this.#backlog.isFull
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** More is held, or (negative) less. */
  change(by: number): void {
    if (by === 0 || this.#isOver) return
    this.bytes += by
    if (by < 0) this.#movedAt = performance.now()
    this.#backlog.change(by)
    if (by < 0) this.wake()
  }

  /** Calls the task once, when there is room; or not at all, after `forget`. */
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

  /** Looks at the clock; `unread`: bytes that its client has sent and nobody has read. */
  look(now: number, unread: number): void {
    if (unread < this.#unread) this.#movedAt = now
    const more = unread - this.#unread
    this.#unread = unread
    this.change(more)
    if (this.bytes > 0 && this.#backlog.isFull && now - this.#movedAt >= staleMs) this.end()
  }

  /** Ends the connection because of what it holds. */
  end(): void {
    this.close()
    this.#onTooMuch()
  }

  /** The connection is over. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#waiting.clear()
    this.#backlog.leave(this)
  }
}
