/** What keeps authentication from costing without bound: a memory for results, and a gate for what has to be computed. */

interface Entry<Value> {
  readonly value: Value
  readonly until: number
}

/** Values for a bounded time, at most `max` of them: the one that was put in first goes first. Needs no timer. */
export class Remembered<Value> {
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (now < entry.until) return entry.value
    this.#entries.delete(key)
    return undefined
  }

  set(key: string, value: Value, until: number): void {
    this.#entries.delete(key)
    if (this.#entries.size >= this.#max) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest)
        break
      }
    }
    this.#entries.set(key, { value, until })
  }
}

export interface GateLimits {
  /** Tasks that run at the same time. */
  readonly running: number
  /** Tasks of everybody that run or wait. */
  readonly all: number
  /** Tasks of one client that run or wait, so that no client takes all the places. */
  readonly perClient: number
}

export class TaskQueue {
  readonly #limits: GateLimits
  readonly #byClient = new Map<string, number>()
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limits: GateLimits) {
    this.#limits = limits
  }

  /** The task's result; null when there is no room for it, and then it is not run. */
  run<Result>(client: string, task: () => Promise<Result>): Promise<Result> | null {
    const { all, perClient } = this.#limits
    const own = this.#byClient.get(client) ?? 0
    if (own >= perClient || this.#running + this.#waiting.length >= all) return null
    this.#byClient.set(client, own + 1)
    return this.#pass(client, task)
  }

  async #pass<Result>(client: string, task: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limits.running) {
      // Whoever ends hands its place on.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    } else this.#running += 1
    try {
      return await task()
    } finally {
      const own = this.#byClient.get(client) ?? 0
      if (own > 1) this.#byClient.set(client, own - 1)
      else this.#byClient.delete(client)
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
