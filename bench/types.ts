/** The words of the benchmark: what is run, what it is asked to do, and what was seen. */

export const targetNames = [
  'bifrost',
  'nginx',
  'haproxy',
  'squid',
  'http-proxy',
  'http-proxy-3',
  'httpxy',
  'fastify-http-proxy',
  'proxy-chain',
  'sirv-cli',
] as const
export type TargetName = (typeof targetNames)[number]

/** What a target is configured for. */
export type Job = 'reverse' | 'forward' | 'static'

/** Where a target works: addresses and folders that belong to this start alone. */
export interface Place {
  /** Empty, removed after the run. */
  readonly dir: string
  readonly port: number
  /** For what a target needs besides, such as an admin server. */
  readonly sparePort: number
  readonly originPort: number
  /** The files of the static cases. */
  readonly filesDir: string
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Written into the place before the start, and shown in the report. */
  readonly files?: Readonly<Record<string, string>>
}

export interface Target {
  readonly name: TargetName
  readonly version: () => string
  readonly launch: (job: Job, place: Place) => Launch
  /** Shown in the report when there is no configuration file: the source that is the configuration. */
  readonly source?: string
}

export type Load =
  | { readonly kind: 'wrk'; readonly path: string; readonly close?: boolean; readonly absolute?: boolean }
  | { readonly kind: 'connect' }
  | { readonly kind: 'bytes' }

export interface Case {
  readonly name: string
  readonly title: string
  readonly job: Job
  readonly load: Load
  /** What costs are counted per. */
  readonly unit: 'request' | 'tunnel' | 'MiB'
  /** What the ratios in the table are to. */
  readonly reference: TargetName
  readonly targets: readonly TargetName[]
}

/** What a driver saw. */
export interface Driven {
  /** Units that were done. */
  readonly done: number
  readonly seconds: number
  readonly errors: number
  readonly p50Us: number | null
  readonly p99Us: number | null
}

/** One target in one round. */
export interface Measurement {
  readonly cpuUsPerUnit: number
  readonly perSecond: number
  readonly p50Us: number | null
  readonly p99Us: number | null
  readonly peakRssMiB: number
  /** Share of its core that the target used: well below 1 means that driver or origin were the bottleneck. */
  readonly busy: number
  /** Share of the target's core that something else used. */
  readonly foreign: number
}

export type Result =
  | { readonly target: TargetName; readonly kind: 'measured'; readonly rounds: readonly Measurement[] }
  | { readonly target: TargetName; readonly kind: 'failed'; readonly why: string }

export interface CaseResult {
  readonly case: Case
  readonly results: readonly Result[]
}
