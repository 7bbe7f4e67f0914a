/** What drivers and the benchmark measure. */
import type { Case, TargetName } from './types.ts'

/** Figures that only some loads have. */
export interface Extra {
  /** Open-loop loads: latency from the planned arrival. */
  readonly p999Us?: number
  /** Planned arrivals per second. */
  readonly offered?: number
  /** p99 of the driver's own delay, which is contained in the latencies. */
  readonly lateP99Us?: number
  /** Load `beside`: median latency of requests on kept and on new connections. */
  readonly keptP50Us?: number
  readonly newP50Us?: number
  readonly newPerSecond?: number
  /** Load `crowd`: connections rejected per second, and p99 of the accepted clients without a crowd. */
  readonly refusedPerSecond?: number
  readonly waitedPerSecond?: number
  readonly aloneP99Us?: number
  /** Load `idle`: bytes per connection; the heap of Bifrost's instance only. */
  readonly rssBytes?: number
  readonly heapBytes?: number
}

/** The results of a driver. */
export interface Driven {
  /** Completed units. */
  readonly done: number
  readonly seconds: number
  readonly errors: number
  readonly p50Us: number | null
  readonly p99Us: number | null
  readonly extra?: Extra
}

/** The results of one target in one round. */
export interface Measurement {
  readonly cpuUsPerUnit: number
  readonly perSecond: number
  readonly p50Us: number | null
  readonly p99Us: number | null
  readonly peakRssMiB: number
  /** The target's use of its core: well below 1 means that the driver or the origin was the bottleneck. */
  readonly busy: number
  /** Use of the target's core by anything else. */
  readonly foreign: number
  readonly extra: Extra
}

export type Result =
  | {
      readonly target: TargetName
      readonly kind: 'measured'
      readonly rounds: readonly Measurement[]
      /** Measurements at growing load, for the load `ramp`; then `rounds` contains the same. */
      readonly isCurve: boolean
    }
  | { readonly target: TargetName; readonly kind: 'failed'; readonly why: string }

export interface CaseResult {
  readonly case: Case
  readonly results: readonly Result[]
  /** Rounds that were measured in all, and how many of the kept ones were disturbed. */
  readonly tried: number
  readonly disturbed: number
}
