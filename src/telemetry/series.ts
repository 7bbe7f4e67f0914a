import {
  activeAt,
  activeCells,
  arenaAt,
  arenaLengthAt,
  type CounterBlock,
  clientSeriesCells,
  histogramCells,
  serverSeriesCells,
  tunnelLivesAt,
} from './counters.ts'
import { isClientKey, overflowKeys } from './series-key.ts'

/** What main reads from the blocks of a service: series by key, those of instances that have ended included. */

/** Histograms one after the other, each its sum and its buckets. */
export type Series = Map<number, Float64Array>

/** Series that main shows of a service. */
const maxSeries = 2000

/**
 * Where each series of a service counts: under its own key as long as there is room, and then in the overflow series. A series stays where it
 * was put first, whatever ends or begins: elsewhere a counter would fall.
 */
export class SeriesPlaces {
  readonly #keys = new Set<number>()

  of(key: number): number {
    if (key < 0 || this.#keys.has(key)) return key
    if (this.#keys.size >= maxSeries) return isClientKey(key) ? overflowKeys.client : overflowKeys.server
    this.#keys.add(key)
    return key
  }
}

/** Adds the series of a block to `into`, each at its place. */
export function addSeries(into: Series, block: CounterBlock, places: SeriesPlaces): void {
  const end = arenaAt + (block[arenaLengthAt] ?? 0)
  let at = arenaAt
  while (at < end) {
    const stored = block[at] ?? 0
    // Its writer has not got there yet: what follows comes with the next look.
    if (stored === 0) return
    const key = stored < 0 ? stored : stored - 1
    const cells = isClientKey(key) ? clientSeriesCells : serverSeriesCells
    addValues(into, places.of(key), block.subarray(at + 1, at + cells))
    at += cells
  }
}

/** Adds series that have their places to others. */
export function mergeSeries(into: Series, series: Series): void {
  for (const [key, values] of series) addValues(into, key, values)
}

function addValues(into: Series, key: number, values: Float64Array): void {
  const sums = into.get(key)
  if (sums === undefined) into.set(key, Float64Array.from(values))
  else for (let at = 0; at < values.length; at += 1) sums[at] = (sums[at] ?? 0) + (values[at] ?? 0)
}

/** One histogram as plain data; `count` is the sum of the buckets, whatever else was read meanwhile. */
export interface HistogramValue {
  readonly sum: number
  readonly count: number
  readonly buckets: readonly number[]
}

/** The histogram number `index` of a series. */
export function histogramAt(values: Float64Array, index: number): HistogramValue {
  const at = index * histogramCells
  const buckets = Array.from(values.subarray(at + 1, at + histogramCells))
  return { sum: values[at] ?? 0, count: buckets.reduce((sum, one) => sum + one, 0), buckets }
}

/** Without the finest bucket, which the semantic conventions do not have: it joins the next one. */
export function coarser({ sum, count, buckets }: HistogramValue): HistogramValue {
  const [first = 0, second = 0, ...rest] = buckets
  return { sum, count, buckets: [first + second, ...rest] }
}

export function addHistograms(values: readonly HistogramValue[]): HistogramValue {
  const buckets = Array.from({ length: histogramCells - 1 }, (_, at) =>
    values.reduce((sum, value) => sum + (value.buckets[at] ?? 0), 0),
  )
  const total = (pick: (value: HistogramValue) => number) =>
    values.reduce((sum, value) => sum + pick(value), 0)
  return { sum: total(({ sum }) => sum), count: total(({ count }) => count), buckets }
}

/** Lives of tunnels. */
export function tunnelLives(blocks: readonly CounterBlock[]): HistogramValue {
  return addHistograms(
    blocks.map((block) => histogramAt(block.subarray(tunnelLivesAt, tunnelLivesAt + histogramCells), 0)),
  )
}

/** Active requests by twice the method's number, plus one where the connection is secure. */
export function activeRequests(blocks: readonly CounterBlock[]): readonly number[] {
  return Array.from({ length: activeCells }, (_, at) =>
    blocks.reduce((sum, block) => sum + (block[activeAt + at] ?? 0), 0),
  )
}
