/** Feeds the metric families to the SDK's readers. */
import type { Attributes, HrTime, ValueType } from '@opentelemetry/api'
import type {
  AggregationTemporality,
  CollectionResult,
  DataPoint,
  DataPointType,
  MetricData,
  MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { Metric } from './catalogue/metric.ts'
import type { Family, Point } from './family.ts'
import type { HistogramValue } from './series.ts'

/**
 * Converts families for the SDK's metric readers. The only file that uses the experimental producer
 * interface; it imports SDK types only, so it loads nothing. Stateless and cumulative: any number of readers
 * may read.
 */
export function createProducer(options: {
  readonly families: () => readonly Family[]
  /** Start of the daemon in milliseconds since the epoch. */
  readonly startedAt: number
  readonly now: () => number
}): MetricProducer {
  const scope = { name: 'bifrost-bridge' }
  const startTime = hrTime(options.startedAt)
  return {
    collect(): Promise<CollectionResult> {
      const endTime = hrTime(options.now())
      const metrics = options.families().map((family) => dataOf(family, startTime, endTime))
      // Readers use the scopes only and have their own resource.
      const resource = { attributes: {}, merge: () => resource, getRawAttributes: () => [] }
      const resourceMetrics = { resource, scopeMetrics: [{ scope, metrics }] }
      return Promise.resolve({ resourceMetrics, errors: [] })
    },
  }
}

/** Numeric attributes by the semantic conventions; Prometheus labels are text. */
const numbers: ReadonlySet<string> = new Set(['http.response.status_code', 'server.port'])

function typed(attributes: Point['attributes']): Attributes {
  const entries = Object.entries(attributes)
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      numbers.has(name) && /^\d+$/.test(String(value)) ? Number(value) : value,
    ]),
  )
}

// Enum values of the SDK, copied to avoid loading it; a test compares them.
const cumulative = 1 as AggregationTemporality.CUMULATIVE
const pointTypes = {
  histogram: 0 as DataPointType.HISTOGRAM,
  gauge: 2 as DataPointType.GAUGE,
  sum: 3 as DataPointType.SUM,
}
const valueTypes = { int: 0 as ValueType.INT, double: 1 as ValueType.DOUBLE }

function dataOf({ metric, points }: Family, startTime: HrTime, endTime: HrTime): MetricData {
  const { name, description, unit, instrument, bounds = [] } = metric
  const common = {
    descriptor: { name, description, unit, valueType: valueTypeOf(metric) },
    aggregationTemporality: cumulative,
  }
  const at = <T>({ attributes }: Point, value: T): DataPoint<T> => ({
    startTime,
    endTime,
    attributes: typed(attributes),
    value,
  })
  if (instrument === 'histogram') {
    const histogram = ({ sum, count, buckets }: HistogramValue) => ({
      sum,
      count,
      buckets: { boundaries: [...bounds], counts: [...buckets] },
    })
    const dataPoints = points.map((point) => at(point, histogram(point.value as HistogramValue)))
    return { ...common, dataPointType: pointTypes.histogram, dataPoints }
  }
  const dataPoints = points.map((point) => at(point, point.value as number))
  if (instrument === 'gauge') return { ...common, dataPointType: pointTypes.gauge, dataPoints }
  return { ...common, dataPointType: pointTypes.sum, dataPoints, isMonotonic: instrument === 'counter' }
}

const valueTypeOf = ({ unit }: Metric): ValueType =>
  unit === 's' || unit === '1' ? valueTypes.double : valueTypes.int

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000)
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)]
}
