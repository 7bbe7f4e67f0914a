/** The catalogue of metrics: the only list of names, units and descriptions. */
import { httpMetrics } from './http.ts'
import type { Metric } from './metric.ts'
import { runtimeMetrics } from './runtime.ts'
import { supervisionMetrics } from './supervision.ts'

/**
 * All metrics in display order. The producer, the Prometheus text, docs/metrics.md and the tests of
 * dashboards use this list.
 */
export const catalogue = [
  ...httpMetrics,
  ...supervisionMetrics,
  ...runtimeMetrics,
] as const satisfies readonly Metric[]

export type MetricName = (typeof catalogue)[number]['name']

const byName: ReadonlyMap<string, Metric> = new Map(catalogue.map((metric) => [metric.name, metric]))

export function metricOf(name: MetricName): Metric {
  return byName.get(name) as Metric
}
