import type { Attributes, HrTime, ValueType } from '@opentelemetry/api'
import type {
  AggregationTemporality,
  CollectionResult,
  DataPoint,
  DataPointType,
  MetricData,
  MetricProducer,
} from '@opentelemetry/sdk-metrics'
import type { Family, Point } from './family.ts'
import type { Metric } from './metric.ts'
import type { HistogramValue } from './series.ts'

/**
 * The families as the SDK's readers take them. The only file that knows the producer interface, which is experimental in JS; only
 * types of the SDK are used, so that nothing of it is loaded here. Stateless, cumulative: any number of readers may ask.
 */
export function createProducer(options: {
  readonly families: () => readonly Family[]
  /** Of the daemon; milliseconds since the epoch. */
  readonly startedAt: number
  readonly now: () => number
}): MetricProducer {
  const scope = { name: 'bifrost-bridge' }
  const startTime = hrTime(options.startedAt)
  return {
    collect(): Promise<CollectionResult> {
      const endTime = hrTime(options.now())
      const metrics = options.families().map((family) => dataOf(family, startTime, endTime))
      // A reader takes the scopes and has a resource of its own.
      const resource = { attributes: {}, merge: () => resource, getRawAttributes: () => [] }
      const resourceMetrics = { resource, scopeMetrics: [{ scope, metrics }] }
      return Promise.resolve({ resourceMetrics, errors: [] })
    },
  }
}

/** By the semantic conventions these are numbers; a label of Prometheus is text. */
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

// The SDK's numbers, by their types; a test compares them with its own.
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
