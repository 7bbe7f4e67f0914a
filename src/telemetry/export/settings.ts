/** Settings of telemetry export, resolved from configuration and environment: plain data. */

import type { LogLevel } from '../log/log.ts'
import type { AttributeLimits, SpanLimits } from './attribute-limits.ts'

export type Signal = 'traces' | 'metrics' | 'logs'

/** Destination of one signal. */
export interface ExporterSettings {
  /** Full URL for http/protobuf, origin for grpc; http: or https:, without userinfo. */
  readonly url: string
  readonly protocol: 'http/protobuf' | 'grpc'
  /** Secret: never logged and never shown. */
  readonly headers: Readonly<Record<string, string>>
  /** Time limit of one export including its retries. */
  readonly timeoutMs: number
  readonly compression: 'gzip' | 'none'
  /** Absolute paths of PEM files; null if not configured. */
  readonly tls: {
    readonly caFile: string | null
    readonly certFile: string | null
    readonly keyFile: string | null
  }
}

/** The queue in front of an exporter. */
export interface BatchSettings {
  readonly maxQueue: number
  readonly maxBatch: number
  /** Longest wait before an item is sent. */
  readonly delayMs: number
  readonly exportTimeoutMs: number
}

/** Values of OTEL_LOG_LEVEL. */
export type DiagnosticsLevel = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all'

export interface TelemetrySettings {
  /** Each signal is null if it is not exported. */
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
  /** Configured resource attributes; they override detected ones. */
  readonly resource: Readonly<Record<string, string>>
  /** Least severe SDK diagnostics to log; null to log none. */
  readonly diagnostics: DiagnosticsLevel | null
  /** Ignored environment variables and the reasons, without values. */
  readonly warnings: readonly string[]
}
