/**
 * The time of a pool's connections: one coarse timer for all deadlines, and one look at the sockets before connections are used again.
 *
 *   tick        counts `everyMs`; whoever waits remembers the tick and compares, which costs no call and no timer
 *   afterPoll   what a kept connection has received unasked, or its end, is noticed before a request is written to it
 */
export interface Timed {
  /** Once every tick. */
  look(): void
  /** After the sockets were looked at. */
  send(): void
}

export class WireClock {
  readonly everyMs: number
  tick = 0
  readonly #all = new Set<Timed>()
  #timer: NodeJS.Timeout | undefined
  #waiting: Timed[] = []

  /** `shortestMs` is the shortest time that has to be measured: it is met to a quarter of it, or to a second. */
  constructor(shortestMs: number) {
    this.everyMs = Math.max(10, Math.min(1_000, shortestMs / 4))
  }

  add(one: Timed): void {
    this.#all.add(one)
    this.#timer ??= setInterval(() => this.#look(), this.everyMs).unref()
  }

  delete(one: Timed): void {
    this.#all.delete(one)
    if (this.#all.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Whether at least `ms` have gone by since that tick. */
  isOver(since: number, ms: number): boolean {
    return (this.tick - since - 1) * this.everyMs >= ms
  }

  /** Sends when the events that wait already have been handled. One turn of the loop serves all who came in it. */
  afterPoll(one: Timed): void {
    if (this.#waiting.length === 0) setImmediate(sendAll, this)
    this.#waiting.push(one)
  }

  static sendAll(clock: WireClock): void {
    const waiting = clock.#waiting
    clock.#waiting = []
    for (const one of waiting) one.send()
  }

  #look(): void {
    this.tick += 1
    for (const one of this.#all) one.look()
  }
}

const sendAll = WireClock.sendAll
