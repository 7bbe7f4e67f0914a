/**
 * Whose turn it is to have a request read. Requests are read as they arrive while the turn of the event loop is
 * young; after that they wait in one queue, first come, first served. So a turn stays short: libuv accepts one
 * connection a turn and listening socket, and a client that pipelines thousands of requests delays no other.
 */

/** A connection with unread bytes that wait. */
export interface Waiting {
  /** Reads one request, and joins the queue again if there are more. */
  proceed(): void
}

/** Work of a turn: while connections arrive in every turn, soon after that, and otherwise. */
const crowdedMs = 0.25
const recentMs = 1
const calmMs = 2
/** Turns for which an accepted connection counts as recent. */
const memory = 64
/** Most requests of one connection in a turn. */
const rounds = 8
/** Requests between two looks at the time. */
const perLook = 4

export class Turns {
  readonly #now: () => number
  readonly #soon: (task: () => void) => void
  #queue: Waiting[] = []
  #first = 0
  #isRunning = false
  #endsAt = 0
  #taken = 0
  /** Turns since a connection was accepted. */
  #since = memory

  /** `now` is in milliseconds; `soon` runs a task after the sockets were polled. Both can be replaced for tests. */
  constructor(
    now: () => number = () => performance.now(),
    soon: (task: () => void) => void = (task) => setImmediate(task),
  ) {
    this.#now = now
    this.#soon = soon
  }

  /** A connection was accepted, and more may wait behind it: turns are short for a while. */
  accepted(): void {
    this.#since = 0
  }

  get waiting(): number {
    return this.#queue.length - this.#first
  }

  /** Whether a request that has just arrived may be read at once; otherwise its connection has to `wait`. */
  mayProceed(): boolean {
    if (!this.#isRunning) this.#begin()
    if (this.waiting > 0) return false
    this.#taken += 1
    return this.#taken % perLook !== 0 || this.#now() < this.#endsAt
  }

  wait(one: Waiting): void {
    this.#queue.push(one)
    if (!this.#isRunning) this.#begin()
  }

  #begin(): void {
    this.#isRunning = true
    this.#taken = 0
    this.#endsAt = this.#now() + (this.#since < 2 ? crowdedMs : this.#since < memory ? recentMs : calmMs)
    this.#soon(this.#end)
  }

  /** Serves the queue until the turn is over; the rest waits for the next one. */
  readonly #end = (): void => {
    this.#since += 1
    for (let round = 0; round < rounds && this.waiting > 0; round += 1) if (!this.#serve(this.waiting)) break
    if (this.waiting > 0) this.#begin()
    else this.#isRunning = false
    if (this.#first >= 1_024 || this.waiting === 0) {
      this.#queue = this.#queue.slice(this.#first)
      this.#first = 0
    }
  }

  /** Serves up to `count` connections of the queue, some in any case; returns false if the turn is over. */
  #serve(count: number): boolean {
    for (let served = 1; served <= count; served += 1) {
      const one = this.#queue[this.#first] as Waiting
      this.#first += 1
      one.proceed()
      if (served % perLook === 0 && this.#now() >= this.#endsAt) return false
    }
    return this.#now() < this.#endsAt
  }
}
