/**
 * The seed's metrics export (S145-S149): three lines per worker type, no HELP and TYPE lines; the label is
 * the ProxyType's name, seconds have exactly three decimals.
 */
export interface WorkerMetrics {
  readonly proxyType: string
  readonly connectionsActive: number
  readonly requestsTotal: number
  /** Moving average of the response time in seconds. */
  readonly responseTimeSeconds: number
}

const lines: readonly ((worker: WorkerMetrics) => string)[] = [
  (worker) => `worker_connections_active{proxy_type="${worker.proxyType}"} ${worker.connectionsActive}\n`,
  (worker) => `worker_requests_total{proxy_type="${worker.proxyType}"} ${worker.requestsTotal}\n`,
  (worker) =>
    `worker_response_time_seconds{proxy_type="${worker.proxyType}"} ${worker.responseTimeSeconds.toFixed(3)}\n`,
]

/** Prometheus text 0.0.4 with all lines of a metric together, as the format requires. */
export function exportMetrics(workers: readonly WorkerMetrics[]): string {
  return lines.map((line) => workers.map(line).join('')).join('')
}
