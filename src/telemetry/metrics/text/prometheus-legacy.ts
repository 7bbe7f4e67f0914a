/**
 * Metric names that only the Prometheus text has: those of the seed and of the Rust project this daemon
 * replaces. OTLP omits them, because each number has one name there.
 */
export interface LegacyMetric {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly description: string
  /** Labels of each sample. */
  readonly labels: readonly string[]
}

/**
 * The seed's metrics (S146-S149): no HELP and TYPE, `proxy_type` is the ProxyType's name, seconds have three
 * decimals.
 */
export const seedMetrics: readonly LegacyMetric[] = [
  {
    name: 'worker_connections_active',
    type: 'gauge',
    description: 'Open client connections.',
    labels: ['proxy_type'],
  },
  { name: 'worker_requests_total', type: 'counter', description: 'Requests.', labels: ['proxy_type'] },
  {
    name: 'worker_response_time_seconds',
    type: 'gauge',
    description: 'Mean response time over about the last minute.',
    labels: ['proxy_type'],
  },
]

/** Bucket bounds in seconds. */
export const bifrostBounds: readonly number[] = [
  0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]

/** The Rust project's metrics; `proxy_type` is `forward`, `reverse`, `static` or `combined`. */
export const bifrostMetrics = [
  {
    name: 'bifrost_requests_total',
    type: 'counter',
    description: 'Requests.',
    labels: ['proxy_type'],
  },
  {
    name: 'bifrost_response_bytes_total',
    type: 'counter',
    description: 'Bytes of response bodies.',
    labels: ['proxy_type'],
  },
  {
    name: 'bifrost_files_served_total',
    type: 'counter',
    description: 'Files, or ranges of files, sent as a body.',
    labels: ['proxy_type'],
  },
  {
    name: 'bifrost_files_streamed_total',
    type: 'counter',
    description: 'Of these, the ones sent in pieces while being read.',
    labels: ['proxy_type'],
  },
  {
    name: 'bifrost_connections_active',
    type: 'gauge',
    description: 'Open client connections.',
    labels: ['proxy_type'],
  },
  {
    name: 'bifrost_connection_errors_total',
    type: 'counter',
    description: 'Failed requests: cut short or answered with 5xx.',
    labels: ['proxy_type'],
  },
  {
    name: 'bifrost_average_response_time_ms',
    type: 'gauge',
    description: 'Mean response time over about the last minute, in milliseconds.',
    labels: ['proxy_type'],
  },
  {
    name: 'bifrost_request_duration_seconds',
    type: 'histogram',
    description: 'Time from the head of a request to the end of its response.',
    labels: ['proxy_type'],
  },
  {
    name: 'bifrost_config_secret_decrypt_success_total',
    type: 'counter',
    description: 'Decrypted configuration values.',
    labels: [],
  },
  {
    name: 'bifrost_config_secret_decrypt_failure_total',
    type: 'counter',
    description: 'Configuration values that could not be decrypted; each prevents the start.',
    labels: [],
  },
] as const satisfies readonly LegacyMetric[]
