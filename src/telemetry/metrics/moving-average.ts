/** The mean response time over the last minute. */
const start = { at: Number.NEGATIVE_INFINITY, sum: 0, count: 0 }

/**
 * Mean of a quantity over about the last minute (decision D13), computed from running totals at irregular
 * intervals. The window is a time, not a number of readings, so a late or doubled reading does not change
 * what it covers. If the window is empty, the last mean stays.
 */
export class MovingAverage {
  readonly #windowMs: number
  /** Oldest first; the first one is at least as old as the window. */
  readonly #totals: (typeof start)[] = [start]
  #last = 0

  constructor(windowMs = 60_000) {
    this.#windowMs = windowMs
  }

  /** Records the running totals at `at`, milliseconds of a monotonic clock. */
  tick(at: number, sum: number, count: number): void {
    this.#totals.push({ at, sum, count })
    while (at - (this.#totals[1]?.at ?? at) >= this.#windowMs) this.#totals.shift()
    this.mean(sum, count)
  }

  /** Mean of what was added during the window; in the first minute, since the start. */
  mean(sum: number, count: number): number {
    const { sum: oldSum, count: oldCount } = this.#totals[0] ?? start
    if (count > oldCount) this.#last = (sum - oldSum) / (count - oldCount)
    return this.#last
  }
}
