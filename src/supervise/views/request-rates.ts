/** Rates and durations of requests, for the overview. */

import { finestDurationBounds } from '../../telemetry/metrics/bounds.ts'
import { quantileOf } from './quantiles.ts'

/**
 * Rate, errors and durations of the requests of each service. Rates come from the latest two seconds,
 * durations from the latest ten (up to twenty while there is no viewer).
 */
export interface Counted {
  readonly name: string
  total(counter: 'requestsTotal' | 'requestsFailed' | 'requestsFailedByClient'): number
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
  /** Requests of these that failed for another reason than their client, 0..1. */
  readonly errors: number
  /** Null when there were none. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

type Rate = Pick<RequestRate, 'perSecond' | 'errors'>

interface Durations {
  readonly at: number
  readonly counts: readonly number[]
}

const none: Rate = { perSecond: 0, errors: 0 }

/** The period that durations are taken from. */
const windowMs = 10_000

export class RequestRates {
  readonly #readings = new Map<string, Reading>()
  readonly #rates = new Map<string, Rate>()
  /** The oldest first, and that one at least as old as the window, as far as there is one. */
  readonly #durations = new Map<string, Durations[]>()
  #isWatched = false

  /**
   * Call once a second; `at`: milliseconds of a steady clock. Durations are summed over many series, so this
   * is done once a second only while `isWatched`, else once per window, so that there is a base to compare
   * with.
   */
  tick(services: readonly Counted[], at: number, isWatched: boolean): void {
    this.#isWatched = isWatched
    for (const service of services) {
      const failed = service.total('requestsFailed') - service.total('requestsFailedByClient')
      const now = { at, requests: service.total('requestsTotal'), failed }
      const before = this.#readings.get(service.name)
      this.#readings.set(service.name, now)
      if (before !== undefined && at > before.at) this.#rates.set(service.name, between(before, now))
      this.#readDurations(service, at)
    }
  }

  of(service: Counted): RequestRate {
    const rate = this.#rates.get(service.name) ?? none
    const readings = this.#durations.get(service.name) ?? []
    const before = readings[0]?.counts
    if (before === undefined) return { ...rate, p50Ms: null, p99Ms: null }
    const now = (this.#isWatched ? readings.at(-1)?.counts : undefined) ?? service.durations()
    // The latest counts of a killed process are lost.
    const latest = now.map((count, at) => Math.max(0, count - (before[at] ?? 0)))
    const milliseconds = (share: number) => {
      const seconds = quantileOf(finestDurationBounds, latest, share)
      return seconds === null ? null : seconds * 1000
    }
    return { ...rate, p50Ms: milliseconds(0.5), p99Ms: milliseconds(0.99) }
  }

  #readDurations(service: Counted, at: number): void {
    const readings = this.#durations.get(service.name) ?? []
    this.#durations.set(service.name, readings)
    if (this.#isWatched || at - (readings.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= windowMs)
      readings.push({ at, counts: service.durations() })
    while (at - (readings[1]?.at ?? at) >= windowMs) readings.shift()
  }
}

function between(before: Reading, now: Reading): Rate {
  // The latest counts of a killed process are lost.
  const requests = Math.max(0, now.requests - before.requests)
  const failed = Math.max(0, now.failed - before.failed)
  return {
    perSecond: requests / ((now.at - before.at) / 1000),
    errors: requests === 0 ? 0 : Math.min(1, failed / requests),
  }
}
