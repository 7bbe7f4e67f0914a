/** Metric families: the current points of each metric. */
import { catalogue, type MetricName } from './catalogue/catalogue.ts'
import type { Metric } from './catalogue/metric.ts'
import type { HistogramValue } from './series.ts'
import type { SeriesAttributes } from './series-key.ts'

/** Current data of one metric, as plain data: the source for OTLP and Prometheus text. */
export interface Point {
  readonly attributes: SeriesAttributes
  readonly value: number | HistogramValue
}

export interface Family {
  readonly metric: Metric
  readonly points: readonly Point[]
}

/** Collects points and returns them by metric in catalogue order. */
export class Families {
  readonly #points = new Map<string, Point[]>()

  add(name: MetricName, attributes: SeriesAttributes, value: number | HistogramValue): void {
    const points = this.#points.get(name)
    if (points === undefined) this.#points.set(name, [{ attributes, value }])
    else points.push({ attributes, value })
  }

  /** Families with points, for one worker or all. */
  all(worker?: string): readonly Family[] {
    const isOf = ({ attributes }: Point) => worker === undefined || attributes['proxy.worker.name'] === worker
    return catalogue
      .map((metric) => ({ metric, points: (this.#points.get(metric.name) ?? []).filter(isOf) }))
      .filter(({ points }) => points.length > 0)
  }
}
