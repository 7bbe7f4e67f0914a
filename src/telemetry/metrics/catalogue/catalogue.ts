import { catalogue as http } from './http.ts'
import type { Metric } from './metric.ts'
import { catalogue as runtime } from './runtime.ts'
import { catalogue as supervision } from './supervision.ts'

/**
 * The one list of metrics: what the producer sends, the Prometheus text shows, docs/metrics.md describes and dashboards may ask
 * for. In the order in which they are shown.
 */
export const catalogue = [...http, ...supervision, ...runtime] as const satisfies readonly Metric[]

export type MetricName = (typeof catalogue)[number]['name']

const byName: ReadonlyMap<string, Metric> = new Map(catalogue.map((metric) => [metric.name, metric]))

/** The entry of a name. */
export function metricOf(name: MetricName): Metric {
  return byName.get(name) as Metric
}
