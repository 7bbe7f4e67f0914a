/**
 * The seed's metrics export (S145-S149): three lines a worker type, no HELP and TYPE lines, the label is the name of
 * the ProxyType, seconds with exactly three decimals.
 */
export interface WorkerMetrics {
  readonly proxyType: string
  readonly connectionsActive: number
  readonly requestsTotal: number
  /** Moving average of the response time, seconds. */
  readonly responseTimeSeconds: number
}

const lines: readonly ((worker: WorkerMetrics) => string)[] = [
  (worker) => `worker_connections_active{proxy_type="${worker.proxyType}"} ${worker.connectionsActive}\n`,
  (worker) => `worker_requests_total{proxy_type="${worker.proxyType}"} ${worker.requestsTotal}\n`,
  (worker) =>
    `worker_response_time_seconds{proxy_type="${worker.proxyType}"} ${worker.responseTimeSeconds.toFixed(3)}\n`,
]

/** Prometheus text 0.0.4. All lines of a metric stand together, as the format asks for. */
export function exportMetrics(workers: readonly WorkerMetrics[]): string {
  return lines.map((line) => workers.map(line).join('')).join('')
}
