/** An instance's reply to questions about its traffic: bounded plain data for a channel. */

/** One exchange, or one connection refused before a request. */
export interface TrafficRecord {
  /** Sequence number within the instance. */
  readonly seq: number
  /** End of the exchange, in milliseconds since 1970. */
  readonly at: number
  /** X-Request-Id; null if the worker does not assign one. */
  readonly requestId: string | null
  /** Null without a service. */
  readonly service: string | null
  readonly client: string
  readonly user: string | null
  readonly method: string | null
  /** The request target as received, cut to `maxTargetLength`. */
  readonly target: string | null
  readonly host: string | null
  /** 10, 11 or 20 for HTTP/1.0, 1.1 or 2; 0 without a request. */
  readonly version: number
  readonly status: number
  /** Error code; null if the status comes from an upstream or a file. */
  readonly code: string | null
  readonly termination: string
  /** Short cause beyond the code, for operators. */
  readonly reason: string | null
  /** State of the chart that admits connections: the service's if known, else the worker's. */
  readonly state: string
  /** Resources above their limits, if that is why nothing is admitted. */
  readonly exceeded: readonly string[]
  readonly upstream: string | null
  readonly attempts: number
  /** Connect time of the latest attempt; null if not measured, as below. */
  readonly connectMs: number | null
  readonly answerMs: number | null
  readonly durationMs: number
  /** Content-Length of the request; null without one. */
  readonly length: number | null
  /** True if the request asked for a WebSocket. */
  readonly isUpgrade: boolean
  readonly received: number
  readonly sent: number
}

export const maxTargetLength = 512

/** Current activity of a connection. */
export type ConnectionState = 'handshake' | 'idle' | 'exchange' | 'tunnel' | 'h2'

export interface ConnectionView {
  /** Sequence number within the instance. */
  readonly id: number
  readonly peer: string
  readonly scheme: 'http' | 'https'
  readonly ageMs: number
  readonly received: number
  readonly sent: number
  readonly state: ConnectionState
  /** Running exchanges; for HTTP/2 all streams, tunnels included. */
  readonly running: number
  readonly service: string | null
  /** Method of the running exchange or tunnel. */
  readonly method: string | null
  readonly target: string | null
  readonly upstream: string | null
  readonly user: string | null
}

export type TrafficQuestion =
  /**
   * The latest `limit` records with a number above `after`. With `watchMs`, all exchanges are recorded for
   * that time.
   */
  | { readonly kind: 'requests'; readonly after: number; readonly limit: number; readonly watchMs: number }
  /** A record by number or request id. */
  | { readonly kind: 'request'; readonly key: number | string }
  | { readonly kind: 'connections'; readonly limit: number }
  | { readonly kind: 'close'; readonly connection: number }

export type TrafficAnswer =
  | {
      readonly kind: 'requests'
      readonly records: readonly TrafficRecord[]
      /** Highest sequence number so far. */
      readonly last: number
      readonly isWatched: boolean
      /** Exchanges not recorded during a watch because there were too many. */
      readonly skipped: number
    }
  | { readonly kind: 'request'; readonly record: TrafficRecord | null }
  | { readonly kind: 'connections'; readonly connections: readonly ConnectionView[]; readonly open: number }
  /** False if the connection no longer exists. */
  | { readonly kind: 'close'; readonly isClosed: boolean }
