/** What is told of the traffic of an instance when somebody asks: plain data, bounded, for a channel. */

/** One exchange, or one refusal that never became one. */
export interface TrafficRecord {
  /** Counts up in its instance. */
  readonly seq: number
  /** When it ended, milliseconds since 1970. */
  readonly at: number
  /** X-Request-Id; null where the worker has none. */
  readonly requestId: string | null
  /** Null for what belongs to no service. */
  readonly service: string | null
  readonly client: string
  readonly user: string | null
  readonly method: string | null
  /** The request target as it came, cut to `maxTargetLength`. */
  readonly target: string | null
  readonly host: string | null
  /** 10 and 11 for HTTP/1.0 and 1.1, 20 for HTTP/2; 0 when there was no request. */
  readonly version: number
  readonly status: number
  /** Row of the error table; null for what an upstream or a file has answered. */
  readonly code: string | null
  readonly termination: string
  /** What is known of the cause beyond the code, in short; for operators. */
  readonly reason: string | null
  /** State of the chart that admits: of the service where it is known, else of the worker. */
  readonly state: string
  /** What was above its limit, where that is why nothing is admitted. */
  readonly exceeded: readonly string[]
  readonly upstream: string | null
  readonly attempts: number
  /** Of the latest attempt, from its start to its connection; null where nobody has taken the time, as below. */
  readonly connectMs: number | null
  readonly answerMs: number | null
  readonly durationMs: number
  /** Content-Length of the request; null when it named none. */
  readonly length: number | null
  /** It asked for a WebSocket. */
  readonly isUpgrade: boolean
  readonly received: number
  readonly sent: number
}

export const maxTargetLength = 512

/** What a connection is doing. */
export type ConnectionState = 'handshake' | 'idle' | 'exchange' | 'tunnel' | 'h2'

export interface ConnectionView {
  /** Counts up in its instance. */
  readonly id: number
  readonly peer: string
  readonly scheme: 'http' | 'https'
  readonly ageMs: number
  readonly received: number
  readonly sent: number
  readonly state: ConnectionState
  /** Exchanges that run; of HTTP/2 its streams, tunnels among them. */
  readonly running: number
  readonly service: string | null
  /** Of the exchange that runs, or the tunnel. */
  readonly method: string | null
  readonly target: string | null
  readonly upstream: string | null
  readonly user: string | null
}

export type TrafficQuestion =
  /** Records with a higher number than `after`, the latest `limit` of them. With `watchMs` all exchanges are recorded for so long. */
  | { readonly kind: 'requests'; readonly after: number; readonly limit: number; readonly watchMs: number }
  /** By number, or by request id. */
  | { readonly kind: 'request'; readonly key: number | string }
  | { readonly kind: 'connections'; readonly limit: number }
  | { readonly kind: 'close'; readonly connection: number }

export type TrafficAnswer =
  | {
      readonly kind: 'requests'
      readonly records: readonly TrafficRecord[]
      /** Highest number so far. */
      readonly last: number
      readonly isWatched: boolean
      /** Exchanges that were not recorded while it was watched, for there were too many. */
      readonly skipped: number
    }
  | { readonly kind: 'request'; readonly record: TrafficRecord | null }
  | { readonly kind: 'connections'; readonly connections: readonly ConnectionView[]; readonly open: number }
  /** False: there is no such connection any more. */
  | { readonly kind: 'close'; readonly isClosed: boolean }
