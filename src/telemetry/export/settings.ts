/** What telemetry is made of, resolved from configuration and environment: plain data. */

import type { LogLevel } from '../log/log.ts'
import type { AttributeLimits, SpanLimits } from './attribute-limits.ts'

export type Signal = 'traces' | 'metrics' | 'logs'

/** Where one signal goes, and how. */
export interface ExporterSettings {
  /** Whole URL with http/protobuf, origin with grpc; http: or https:, without userinfo. */
  readonly url: string
  readonly protocol: 'http/protobuf' | 'grpc'
  /** Secret: never logged and never shown. */
  readonly headers: Readonly<Record<string, string>>
  /** Longest time of one export with its retries. */
  readonly timeoutMs: number
  readonly compression: 'gzip' | 'none'
  /** PEM files, absolute; null: none of its own. */
  readonly tls: {
    readonly caFile: string | null
    readonly certFile: string | null
    readonly keyFile: string | null
  }
}

/** A queue in front of an exporter. */
export interface BatchSettings {
  readonly maxQueue: number
  readonly maxBatch: number
  /** Longest wait of an item before it is sent. */
  readonly delayMs: number
  readonly exportTimeoutMs: number
}

/** Of OTEL_LOG_LEVEL. */
export type DiagnosticsLevel = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all'

export interface TelemetrySettings {
  /** Null, as below: not exported. */
  readonly metrics: {
    readonly exporter: ExporterSettings
    readonly intervalMs: number
    readonly timeoutMs: number
  } | null
  readonly traces: {
    readonly exporter: ExporterSettings
    readonly batch: BatchSettings
    readonly maxSpansPerSecond: number
    readonly limits: SpanLimits
  } | null
  readonly logs: {
    readonly exporter: ExporterSettings
    readonly batch: BatchSettings
    readonly level: LogLevel
    readonly accessLog: boolean
    readonly limits: AttributeLimits
  } | null
  /** Attributes of the resource that were given to us; they win over what we know of ourselves. */
  readonly resource: Readonly<Record<string, string>>
  /** From which level on the SDK's own words go into the log; null: none do. */
  readonly diagnostics: DiagnosticsLevel | null
  /** What of the environment is ignored, and why; without values. */
  readonly warnings: readonly string[]
}
