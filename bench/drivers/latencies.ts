/** Latencies of a driver, and the line in which it reports them. */
import type { Driven } from '../results.ts'

export class Latencies {
  readonly #us: number[] = []
  #isSorted = true

  get count(): number {
    return this.#us.length
  }

  /** In milliseconds. */
  add(ms: number): void {
    this.#us.push(ms * 1000)
    this.#isSorted = false
  }

  /** In microseconds; 0 without any value. */
  percentile(share: number): number {
    if (!this.#isSorted) this.#us.sort((a, b) => a - b)
    this.#isSorted = true
    return Math.round(this.#us[Math.min(this.#us.length - 1, Math.floor(this.#us.length * share))] ?? 0)
  }
}

/** The harness reads this line. */
export function report(driven: Driven): void {
  process.stdout.write(`result ${JSON.stringify(driven)}\n`)
}
