/** The vocabulary of the benchmark: jobs, targets, loads and cases. */

export const targetNames = [
  'bifrost',
  'bifrost-observed',
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

/** What a case changes in the configuration of its targets. */
export interface Setup {
  /** TLS 1.3 towards clients. */
  readonly tls: boolean
  /** Instances of Bifrost, worker processes of nginx, threads of HAProxy; all on the same core. */
  readonly instances: number
  /** Each target writes its access log to a file. */
  readonly accessLog: boolean
  readonly maxConnections: number
}

export const plainSetup: Setup = { tls: false, instances: 1, accessLog: false, maxConnections: 4096 }

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
  /** Files of the certificate and its key, for `Setup.tls`. */
  readonly certificate: { readonly cert: string; readonly key: string }
  /** Receives the spans of `bifrost-observed`. */
  readonly sinkPort: number
  /** Folder of the sockets through which the benchmark asks an instance of Bifrost; null for an unchanged one. */
  readonly probeDir: string | null
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
  readonly launch: (job: Job, place: Place, setup: Setup) => Launch
  /** Source shown in the report if there is no configuration file. */
  readonly source?: string
}

/** Where a driver sends its requests, and where a forward proxy sends them on. */
export interface Ports {
  readonly target: number
  readonly origin: number
}

export interface WrkLoad {
  readonly kind: 'wrk'
  readonly path: string
  readonly close?: boolean
  readonly absolute?: boolean
  readonly tls?: boolean
  /** Bytes of the body of each request, a POST. */
  readonly upload?: number
  /** Default: `connections.wrk`. */
  readonly connections?: number
}

export type Load =
  | WrkLoad
  | { readonly kind: 'connect' }
  | { readonly kind: 'bytes' }
  /** Messages of a WebSocket, each sent after the echo of the one before. */
  | { readonly kind: 'messages' }
  /** Arrivals at a constant rate; null: half of what the slowest target can serve. */
  | { readonly kind: 'open'; readonly path: string; readonly perSecond: number | null }
  /** Arrivals in steps of growing rate, beyond the capacity of the slowest target. */
  | { readonly kind: 'ramp'; readonly path: string }
  /** Twice as many clients as `maxConnections` of the setup. */
  | { readonly kind: 'crowd'; readonly path: string }
  /** Kept connections and, beside them, a connection per request. */
  | { readonly kind: 'beside'; readonly path: string }
  /** Open connections without requests. */
  | { readonly kind: 'idle'; readonly path: string }

export interface Case {
  readonly name: string
  readonly title: string
  readonly job: Job
  readonly load: Load
  /** The unit of costs. */
  readonly unit: 'request' | 'tunnel' | 'MiB' | 'message'
  /** The reference of the ratios. */
  readonly reference: TargetName
  readonly targets: readonly TargetName[]
  readonly setup?: Partial<Setup>
}
