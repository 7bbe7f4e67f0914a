/** Reads the metric series of a counter block. */
import type { CounterBlock } from '../../../src/telemetry/metrics/counters.ts'
import {
  addSeries,
  type HistogramValue,
  histogramAt,
  type Series,
  SeriesPlaces,
} from '../../../src/telemetry/metrics/series.ts'
import {
  attributesOf,
  isClientKey,
  type SeriesAttributes,
} from '../../../src/telemetry/metrics/series-key.ts'

/** A series in the form that tests compare. */
export interface ReadSeries {
  readonly attributes: SeriesAttributes
  readonly duration: HistogramValue
  readonly received: HistogramValue
  readonly sent: HistogramValue
}

export function readSeries(block: CounterBlock, routes: readonly string[] = []) {
  const series: Series = new Map()
  addSeries(series, block, new SeriesPlaces())
  const read = ([key, values]: [number, Float64Array]): ReadSeries => ({
    attributes: attributesOf(key, routes),
    duration: histogramAt(values, 0),
    received: histogramAt(values, isClientKey(key) ? 0 : 1),
    sent: histogramAt(values, isClientKey(key) ? 0 : 2),
  })
  const all = [...series]
  return {
    server: all.filter(([key]) => !isClientKey(key)).map(read),
    client: all.filter(([key]) => isClientKey(key)).map(read),
  }
}

/** Sum of all series. */
export function totalOf(series: readonly ReadSeries[]) {
  const sum = (pick: (one: ReadSeries) => number) => series.reduce((total, one) => total + pick(one), 0)
  return {
    count: sum(({ duration }) => duration.count),
    received: sum(({ received }) => received.sum),
    sent: sum(({ sent }) => sent.sum),
    sizes: [sum(({ received }) => received.count), sum(({ sent }) => sent.count)],
  }
}
