/** Turns whose time and event loop are in the hands of the test. */
import { Turns } from '../../../src/http/wire/server/turns.ts'

export class DrivenTurns extends Turns {
  readonly #clock: { ms: number; tasks: (() => void)[] }

  constructor() {
    const clock = { ms: 0, tasks: [] as (() => void)[] }
    super(
      () => clock.ms,
      (task) => clock.tasks.push(task),
    )
    this.#clock = clock
  }

  /** Works for this time. */
  work(ms: number): void {
    this.#clock.ms += ms
  }

  /** The event loop has polled its sockets. */
  poll(): void {
    const { tasks } = this.#clock
    this.#clock.tasks = []
    for (const task of tasks) task()
  }

  /** Polls until nothing is scheduled. */
  pollAll(): void {
    while (!this.isIdle) this.poll()
  }

  get isIdle(): boolean {
    return this.#clock.tasks.length === 0
  }
}
