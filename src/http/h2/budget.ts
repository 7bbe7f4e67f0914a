/** A rate budget: `burst` events at once, and `perSecond` in the long run. */
export class Budget {
  readonly #burst: number
  readonly #perSecond: number
  #left: number
  #at: number

  /** `nowMs`: a monotonic clock. */
  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst
    this.#perSecond = perSecond
    this.#left = burst
    this.#at = nowMs
  }

  /** Spends one event; false if the budget is used up. */
  take(nowMs: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + ((nowMs - this.#at) / 1000) * this.#perSecond)
    this.#at = nowMs
    this.#left -= 1
    return this.#left >= 0
  }
}
