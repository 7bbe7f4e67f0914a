/** The vocabulary of the benchmark: cases, targets, loads and results. */

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

/** The job a target is configured for. */
export type Job = 'reverse' | 'forward' | 'static'

/** Addresses and folders of one start of a target. */
export interface Place {
  /** A folder that is empty at the start and removed after the run. */
  readonly dir: string
  readonly port: number
  /** A further port, for example for an admin server. */
  readonly sparePort: number
  readonly originPort: number
  /** The files of the static cases. */
  readonly filesDir: string
}

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Files written before the start and shown in the report. */
  readonly files?: Readonly<Record<string, string>>
}

export interface Target {
  readonly name: TargetName
  readonly version: () => string
  readonly launch: (job: Job, place: Place) => Launch
  /** Source shown in the report if there is no configuration file. */
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
  /** The unit of costs. */
  readonly unit: 'request' | 'tunnel' | 'MiB'
  /** The reference of the ratios. */
  readonly reference: TargetName
  readonly targets: readonly TargetName[]
}

/** The results of a driver. */
export interface Driven {
  /** Completed units. */
  readonly done: number
  readonly seconds: number
  readonly errors: number
  readonly p50Us: number | null
  readonly p99Us: number | null
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
}

export type Result =
  | { readonly target: TargetName; readonly kind: 'measured'; readonly rounds: readonly Measurement[] }
  | { readonly target: TargetName; readonly kind: 'failed'; readonly why: string }

export interface CaseResult {
  readonly case: Case
  readonly results: readonly Result[]
}
