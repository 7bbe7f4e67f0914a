/** Counts and logs the connections that main refuses. */

import { workerOfListener } from '../../actors/ids.ts'
import type { Log } from '../telemetry/log/log.ts'
import type { RefusalCode } from './listeners/refusal.ts'
import type { Service } from './services/services.ts'

/** At most one line in this time for a worker and a reason, however many connections are refused. */
const quietMs = 10_000

interface Count {
  readonly worker: string
  readonly code: RefusalCode
  refused: number
  loggedAt: number
}

/**
 * Connections that the main thread refuses, because no instance could take them: each is counted for its worker, and the log has a
 * line with their number. Instances write the access log, so these are not in it.
 */
export class RefusalLog {
  readonly #services: readonly Service[]
  readonly #log: Log
  readonly #counts = new Map<string, Count>()

  constructor(services: readonly Service[], log: Log) {
    this.#services = services
    this.#log = log
  }

  /** `key`: of the listener. */
  refused(key: string, code: RefusalCode): void {
    const worker = workerOfListener(key)
    const own = this.#services.filter((service) => service.worker.name === worker)
    const door = own.find(({ type }) => type === 'combined') ?? own[0]
    door?.refused(code)
    const name = `${worker} ${code}`
    const count = this.#counts.get(name)
    if (count === undefined)
      this.#counts.set(name, { worker, code, refused: 1, loggedAt: Number.NEGATIVE_INFINITY })
    else count.refused += 1
  }

  /** Call once a second; `at`: milliseconds of a steady clock. */
  tick(at: number): void {
    for (const count of this.#counts.values()) if (at - count.loggedAt >= quietMs) this.#write(count, at)
  }

  /** Logs the remaining counts. */
  close(): void {
    for (const count of this.#counts.values()) this.#write(count, Number.POSITIVE_INFINITY)
  }

  #write(count: Count, at: number): void {
    if (count.refused === 0) return
    const { worker, code, refused } = count
    this.#log('warn', 'connections refused because no instance was available', {
      worker,
      code,
      count: refused,
    })
    count.refused = 0
    count.loggedAt = at
  }
}
