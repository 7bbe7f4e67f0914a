/** A CoarseClock that ticks only when a test says so. */
import { CoarseClock, type Timed } from '../../../src/http/clock.ts'

export class DrivenClock extends CoarseClock {
  readonly members = new Set<Timed>()

  constructor() {
    // Half a second a tick.
    super(Number.POSITIVE_INFINITY)
  }

  override add(one: Timed): void {
    this.members.add(one)
  }

  override delete(one: Timed): void {
    this.members.delete(one)
  }

  /** Lets this time pass, and one tick more, because a deadline is met one tick late. */
  pass(ms: number): void {
    for (let ticks = Math.ceil(ms / this.everyMs) + 1; ticks > 0; ticks -= 1) {
      this.tick += 1
      for (const one of [...this.members]) one.look(this.tick * this.everyMs)
    }
  }
}
