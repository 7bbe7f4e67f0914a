/**
 * Deadlines from one coarse clock: one timer for all connections, exchanges and tunnels of an instance. A
 * member remembers the tick of its last sign of life and compares, which costs no call and no timer.
 */

/** A member of the clock. Only the clock writes `place`; it starts at -1. */
export interface Timed {
  place: number
  /** Called once every tick. May add or remove members. */
  look(now: number): void
}

export class CoarseClock {
  readonly everyMs: number
  /** Number of periods since the start. */
  tick = 0
  /**
   * In no particular order. Not a Set: the tables of a Set link to the ones that replace them, so a used table in the old generation
   * keeps all later ones alive, with every member in them, until the next full collection.
   */
  readonly #all: Timed[] = []
  #timer: NodeJS.Timeout | undefined

  /** `shortestMs` is the shortest deadline; it is met to a twentieth of it, or to half a second. */
  constructor(shortestMs: number) {
    this.everyMs = Math.max(10, Math.min(500, shortestMs / 20))
  }

  add(one: Timed): void {
    if (one.place >= 0) return
    one.place = this.#all.length
    this.#all.push(one)
    this.#timer ??= setInterval(() => this.#look(), this.everyMs).unref()
  }

  /** Does nothing for one that is not a member. */
  delete(one: Timed): void {
    const { place } = one
    if (place < 0) return
    one.place = -1
    const last = this.#all.pop()
    if (last === undefined || last === one) return
    this.#all[place] = last
    last.place = place
  }

  /** Whether at least `ms` have passed since that tick. */
  isOver(since: number, ms: number): boolean {
    return (this.tick - since - 1) * this.everyMs >= ms
  }

  /** Stops the timer. */
  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#all.length = 0
  }

  #look(): void {
    this.tick += 1
    if (this.#all.length === 0) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    const now = performance.now()
    // Backwards: if a member leaves, the last one takes its place, and that one has been looked at.
    for (let at = this.#all.length - 1; at >= 0; at -= 1) this.#all[at]?.look(now)
  }
}
