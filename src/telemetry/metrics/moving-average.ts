const start = { at: Number.NEGATIVE_INFINITY, sum: 0, count: 0 }

/**
 * Mean of a quantity over about the last minute (decision D13), from running totals that are read now and then. The window is
 * a time, not a number of readings: a late or doubled reading does not change what it covers. Where the window holds nothing,
 * the last known mean stays.
 */
export class MovingAverage {
  readonly #windowMs: number
  /** Oldest first. The first one is at least as old as the window. */
  readonly #totals: (typeof start)[] = [start]
  #last = 0

  constructor(windowMs = 60_000) {
    this.#windowMs = windowMs
  }

  /** Remembers the running totals; `at`: milliseconds of a steady clock. */
  tick(at: number, sum: number, count: number): void {
    this.#totals.push({ at, sum, count })
    while (at - (this.#totals[1]?.at ?? at) >= this.#windowMs) this.#totals.shift()
    this.mean(sum, count)
  }

  /** Mean of what was added since the window began; during the first minute, since the start. */
  mean(sum: number, count: number): number {
    const { sum: oldSum, count: oldCount } = this.#totals[0] ?? start
    if (count > oldCount) this.#last = (sum - oldSum) / (count - oldCount)
    return this.#last
  }
}
