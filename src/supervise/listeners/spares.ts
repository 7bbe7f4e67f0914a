/** Makes the spares of listening sockets, with retries. */

import type { Server } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Mirror, type SocketHandle } from './mirror.ts'

/** How long main tries to make a spare before it lets the server go without one. */
export interface SparingPolicy {
  /** First attempt; each later one may take twice as long, because the machine may just be busy. */
  readonly patienceMs: number
  /** All attempts together. */
  readonly maxMs: number
  /** After a server had to go without its spare it is called back for one. */
  readonly retryMs: number
}

const defaultSparing: SparingPolicy = { patienceMs: 4_000, maxMs: 20_000, retryMs: 10_000 }

const firstPauseMs = 20
const maxPauseMs = 500

/** Makes spares with a mirror, as often as it takes. */
export class Spares {
  readonly #mirror: Mirror
  readonly #policy: SparingPolicy
  readonly #closing = new AbortController()

  constructor(mirror: Mirror = new Mirror(), policy: SparingPolicy = defaultSparing) {
    this.#mirror = mirror
    this.#policy = policy
  }

  get retryMs(): number {
    return this.#policy.retryMs
  }

  /** Null if it could not be made in `maxMs`, or is not wanted any longer. */
  async make(server: Server, isWanted: () => boolean): Promise<SocketHandle | null> {
    const { patienceMs, maxMs } = this.#policy
    const endsAt = performance.now() + maxMs
    for (let attempt = 0; this.#isOpen() && isWanted(); attempt += 1) {
      const leftMs = endsAt - performance.now()
      if (leftMs <= 0) break
      const spare = await this.#attempt(server, Math.min(leftMs, patienceMs * 2 ** attempt))
      if (spare !== null) return spare
      await this.#pause(Math.min(maxPauseMs, firstPauseMs * 2 ** attempt))
    }
    return null
  }

  close(): void {
    this.#closing.abort()
    this.#mirror.close()
  }

  /**
   * A child that does not answer is replaced, since a copy that arrives later would not belong to any
   * attempt.
   */
  async #attempt(server: Server, patienceMs: number): Promise<SocketHandle | null> {
    const timer = setTimeout(() => this.#mirror.abandon(), patienceMs)
    timer.unref()
    try {
      return await this.#mirror.copy(server)
    } finally {
      clearTimeout(timer)
    }
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
  }

  #isOpen(): boolean {
    return !this.#closing.signal.aborted
  }
}
