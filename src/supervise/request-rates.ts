import { finestDurationBounds } from '../telemetry/bounds.ts'
import { quantileOf } from './quantiles.ts'

/** Requests a second, their errors and how long they took, of each service: between the latest two seconds, durations of the latest ten. */
export interface Counted {
  readonly name: string
  total(counter: 'requestsTotal' | 'requestsFailed'): number
  /** Counts by bucket, since the start. */
  durations(): readonly number[]
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
  /** Null when there were none, or nobody looked. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

const none: RequestRate = { perSecond: 0, errors: 0, p50Ms: null, p99Ms: null }

/** Seconds that durations are told of. */
const window = 10

export class RequestRates {
  readonly #readings = new Map<string, Reading>()
  readonly #rates = new Map<string, RequestRate>()
  /** Durations of the latest seconds, the oldest first; only while somebody looks, for they are added up of many series. */
  readonly #durations = new Map<string, (readonly number[])[]>()

  /** To be called once a second; `at`: milliseconds of a steady clock; `isWatched`: whether durations are wanted. */
  tick(services: readonly Counted[], at: number, isWatched: boolean): void {
    if (!isWatched) this.#durations.clear()
    for (const service of services) {
      const now = { at, requests: service.total('requestsTotal'), failed: service.total('requestsFailed') }
      const before = this.#readings.get(service.name)
      this.#readings.set(service.name, now)
      const times = isWatched ? this.#times(service) : { p50Ms: null, p99Ms: null }
      if (before !== undefined && at > before.at)
        this.#rates.set(service.name, { ...between(before, now), ...times })
    }
  }

  #times(service: Counted): Pick<RequestRate, 'p50Ms' | 'p99Ms'> {
    const seconds = this.#durations.get(service.name) ?? []
    this.#durations.set(service.name, seconds)
    const now = service.durations()
    seconds.push(now)
    if (seconds.length > window + 1) seconds.shift()
    const before = seconds[0] ?? now
    // Of a process that was killed the latest counts are lost.
    const latest = now.map((count, at) => Math.max(0, count - (before[at] ?? 0)))
    const milliseconds = (share: number) => {
      const seconds = quantileOf(finestDurationBounds, latest, share)
      return seconds === null ? null : seconds * 1000
    }
    return { p50Ms: milliseconds(0.5), p99Ms: milliseconds(0.99) }
  }

  of(service: string): RequestRate {
    return this.#rates.get(service) ?? none
  }
}

function between(before: Reading, now: Reading): Pick<RequestRate, 'perSecond' | 'errors'> {
  // Of a process that was killed the latest counts are lost.
  const requests = Math.max(0, now.requests - before.requests)
  const failed = Math.max(0, now.failed - before.failed)
  return {
    perSecond: requests / ((now.at - before.at) / 1000),
    errors: requests === 0 ? 0 : Math.min(1, failed / requests),
  }
}
