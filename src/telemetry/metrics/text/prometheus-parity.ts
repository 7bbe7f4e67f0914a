/** The `bifrost_*` metrics of the Prometheus text, for users of the Rust project. */
import { finestDurationBounds } from '../bounds.ts'
import type { Point } from '../family.ts'
import { type HistogramValue, requestHistogram } from '../series.ts'
import type { ServiceReading } from '../service-families.ts'
import { bifrostBounds, bifrostMetrics } from './prometheus-legacy.ts'
import type { TextFamily } from './prometheus-text.ts'

/** A service's reading plus what only main knows. */
export interface ParityReading extends ServiceReading {
  /** Moving average in seconds. */
  readonly responseTimeSeconds: number
}

type ParityName = (typeof bifrostMetrics)[number]['name']

/** The `bifrost_*` names of the parity table, summed per type from the same numbers. */
export function parityFamilies(
  readings: readonly ParityReading[],
  secretsDecrypted: number | null,
): readonly TextFamily[] {
  return bifrostMetrics.flatMap(({ name, type, description }) => {
    const points = pointsOf(name, readings, secretsDecrypted)
    if (points.length === 0) return []
    const bounds = type === 'histogram' ? bifrostBounds : undefined
    return [{ name: name.replace(/_total$/, ''), type, unit: '', help: description, bounds, points }]
  })
}

function pointsOf(name: ParityName, readings: readonly ParityReading[], secrets: number | null): Point[] {
  if (name.startsWith('bifrost_config_')) {
    if (secrets === null) return []
    return [{ attributes: {}, value: name === 'bifrost_config_secret_decrypt_success_total' ? secrets : 0 }]
  }
  const types = [...new Set(readings.map(({ type }) => type))]
  return types.map((type) => ({
    attributes: { proxy_type: type },
    value: valueFor(
      name,
      readings.filter((one) => one.type === type),
    ),
  }))
}

function valueFor(name: ParityName, readings: readonly ParityReading[]): number | HistogramValue {
  const sum = (pick: (one: ParityReading) => number) => readings.reduce((total, one) => total + pick(one), 0)
  switch (name) {
    case 'bifrost_requests_total':
      return sum(({ counters }) => counters.requestsTotal)
    case 'bifrost_response_bytes_total':
      return requestHistogram(seriesOf(readings), 2).sum
    case 'bifrost_files_served_total':
      return sum(({ counters }) => counters.filesServed)
    case 'bifrost_files_streamed_total':
      return sum(({ counters }) => counters.filesStreamed)
    case 'bifrost_connections_active':
      return sum(({ connectionsActive }) => connectionsActive)
    case 'bifrost_connection_errors_total':
      return sum(({ counters }) => counters.requestsFailed)
    case 'bifrost_average_response_time_ms':
      return (sum(({ responseTimeSeconds }) => responseTimeSeconds) * 1000) / Math.max(1, readings.length)
    case 'bifrost_request_duration_seconds':
      return rebucketed(requestHistogram(seriesOf(readings), 0))
    default:
      return 0
  }
}

const seriesOf = (readings: readonly ParityReading[]) => readings.flatMap(({ series }) => [...series])

/** Merges buckets into the parity bounds, each of which is also one of the finer bounds. */
function rebucketed({ sum, count, buckets }: HistogramValue): HistogramValue {
  const coarse = Array<number>(bifrostBounds.length + 1).fill(0)
  for (const [at, bucket] of buckets.entries()) {
    const bound = finestDurationBounds[at] ?? Number.POSITIVE_INFINITY
    const into = bifrostBounds.findIndex((one) => bound <= one)
    const index = into === -1 ? bifrostBounds.length : into
    coarse[index] = (coarse[index] ?? 0) + bucket
  }
  return { sum, count, buckets: coarse }
}
