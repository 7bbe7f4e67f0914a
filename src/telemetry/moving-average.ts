/**
 * Mean of a quantity over about the last minute (decision D13), from running totals that are read once a second.
 * Where the window holds nothing, the last known mean stays.
 */
export class MovingAverage {
  readonly #windowSize: number
  readonly #totals: (readonly [sum: number, count: number])[] = [[0, 0]]
  #last = 0

  constructor(windowSize = 60) {
    this.#windowSize = windowSize
  }

  /** Ends a second: remembers the running totals. */
  tick(sum: number, count: number): void {
    this.mean(sum, count)
    this.#totals.push([sum, count])
    if (this.#totals.length > this.#windowSize) this.#totals.shift()
  }

  /** Mean of what was added since the window began. */
  mean(sum: number, count: number): number {
    const [oldSum, oldCount] = this.#totals[0] ?? [0, 0]
    if (count > oldCount) this.#last = (sum - oldSum) / (count - oldCount)
    return this.#last
  }
}
