/** Asks again and again while somebody looks: after each answer, not on a beat, so that a slow daemon is not asked twice at once. */
export class Poll {
  readonly #ask: (signal: AbortSignal) => Promise<void>
  readonly #ending = new AbortController()
  readonly #periodMs: number
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: AbortController | null = null

  constructor(ask: (signal: AbortSignal) => Promise<void>, periodMs = 1_000) {
    this.#ask = ask
    this.#periodMs = periodMs
    document.addEventListener('visibilitychange', () => this.now(), { signal: this.#ending.signal })
  }

  /** At once; what is under way is given up. */
  now(): void {
    clearTimeout(this.#timer)
    this.#running?.abort()
    if (document.hidden || this.#ending.signal.aborted) return
    const running = new AbortController()
    this.#running = running
    void this.#ask(running.signal)
      .catch(() => {})
      .finally(() => {
        if (this.#running !== running || this.#ending.signal.aborted) return
        this.#timer = setTimeout(() => this.now(), this.#periodMs)
      })
  }

  close(): void {
    this.#ending.abort()
    clearTimeout(this.#timer)
    this.#running?.abort()
  }
}
