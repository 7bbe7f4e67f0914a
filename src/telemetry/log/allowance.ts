/** A rate limit in items per second: a bucket that refills evenly and holds one second's worth. */
export class Allowance {
  readonly #perSecond: number
  #left: number
  #filledAt: number

  /** `nowMs` is the time of a monotonic clock, here and below. */
  constructor(perSecond: number, nowMs: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
    this.#filledAt = nowMs
  }

  take(nowMs: number): boolean {
    const filled = this.#left + ((nowMs - this.#filledAt) / 1000) * this.#perSecond
    this.#left = Math.min(this.#perSecond, filled)
    this.#filledAt = nowMs
    if (this.#left < 1) return false
    this.#left -= 1
    return true
  }
}
