/** Bounds the cost of authentication: a cache for results, and a queue for comparisons. */

interface Entry<Value> {
  readonly value: Value
  readonly until: number
}

/** A cache with expiry and at most `max` values; the oldest is dropped first. Needs no timer. */
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

export interface QueueLimits {
  /** Maximum tasks that run at the same time. */
  readonly running: number
  /** Maximum tasks of all clients, running or waiting. */
  readonly all: number
  /** Maximum tasks of one client, running or waiting, so that no client fills the queue. */
  readonly perClient: number
}

export class TaskQueue {
  readonly #limits: QueueLimits
  readonly #byClient = new Map<string, number>()
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** The task's result; null if there is no room, and the task does not run. */
  run<Result>(client: string, task: () => Promise<Result>): Promise<Result> | null {
    const { all, perClient } = this.#limits
    const own = this.#byClient.get(client) ?? 0
    if (own >= perClient || this.#running + this.#waiting.length >= all) return null
    this.#byClient.set(client, own + 1)
    return this.#pass(client, task)
  }

  async #pass<Result>(client: string, task: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#limits.running) {
      // A task that ends passes its place on, without changing the count.
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
