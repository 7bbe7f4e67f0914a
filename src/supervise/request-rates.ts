/** Requests a second and their errors, of each service, between the latest two seconds. */
export interface Counted {
  readonly name: string
  total(counter: 'requestsTotal' | 'requestsFailed'): number
}

interface Reading {
  readonly at: number
  readonly requests: number
  readonly failed: number
}

export interface RequestRate {
  readonly perSecond: number
  /** Failed requests of these, 0..1. */
  readonly errors: number
}

const none: RequestRate = { perSecond: 0, errors: 0 }

export class RequestRates {
  readonly #readings = new Map<string, Reading>()
  readonly #rates = new Map<string, RequestRate>()

  /** To be called once a second; `at`: milliseconds of a steady clock. */
  tick(services: readonly Counted[], at: number): void {
    for (const service of services) {
      const now = { at, requests: service.total('requestsTotal'), failed: service.total('requestsFailed') }
      const before = this.#readings.get(service.name)
      this.#readings.set(service.name, now)
      if (before !== undefined && at > before.at) this.#rates.set(service.name, between(before, now))
    }
  }

  of(service: string): RequestRate {
    return this.#rates.get(service) ?? none
  }
}

function between(before: Reading, now: Reading): RequestRate {
  // Of a process that was killed the latest counts are lost.
  const requests = Math.max(0, now.requests - before.requests)
  const failed = Math.max(0, now.failed - before.failed)
  return {
    perSecond: requests / ((now.at - before.at) / 1000),
    errors: requests === 0 ? 0 : Math.min(1, failed / requests),
  }
}
