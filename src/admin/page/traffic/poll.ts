/**
 * Polls while a viewer looks. The next request starts only after the previous answer, so a slow daemon gets
 * one at a time.
 */
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

  /** Polls immediately and cancels the request in progress. */
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
