/** The reading side of counter blocks: series, histograms and active requests. */
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

/** Reads the blocks of a service in main: series by key, including those of ended instances. */

/** Histograms in sequence, each as its sum and its buckets. */
export type Series = Map<number, Float64Array>

/** Maximum series that main shows for a service. */
const maxSeries = 2000

/**
 * Assigns each series of a service its own key while there is room, then the overflow series. The assignment
 * never changes: if a series moved, a counter would fall.
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

/** Adds the series of a block to `into` under their assigned keys. */
export function addSeries(into: Series, block: CounterBlock, places: SeriesPlaces): void {
  const end = arenaAt + (block[arenaLengthAt] ?? 0)
  let at = arenaAt
  while (at < end) {
    const stored = block[at] ?? 0
    // Not written yet; the next reading includes the rest.
    if (stored === 0) return
    const key = stored < 0 ? stored : stored - 1
    const cells = isClientKey(key) ? clientSeriesCells : serverSeriesCells
    addValues(into, places.of(key), block.subarray(at + 1, at + cells))
    at += cells
  }
}

/** Adds series that already have their assigned keys. */
export function mergeSeries(into: Series, series: Series): void {
  for (const [key, values] of series) addValues(into, key, values)
}

function addValues(into: Series, key: number, values: Float64Array): void {
  const sums = into.get(key)
  if (sums === undefined) into.set(key, Float64Array.from(values))
  else addCells(sums, values, 0)
}

/** One histogram as plain data. `count` is always the sum of the buckets, so the two cannot disagree. */
export interface HistogramValue {
  readonly sum: number
  readonly count: number
  readonly buckets: readonly number[]
}

/** Histogram `index` of a series. */
export function histogramAt(values: Float64Array, index: number): HistogramValue {
  const at = index * histogramCells
  const buckets = Array.from(values.subarray(at + 1, at + histogramCells))
  return { sum: values[at] ?? 0, count: buckets.reduce((sum, one) => sum + one, 0), buckets }
}

/** Merges the finest bucket, which the semantic conventions do not have, into the next one. */
export function coarser({ sum, count, buckets }: HistogramValue): HistogramValue {
  const [first = 0, second = 0, ...rest] = buckets
  return { sum, count, buckets: [first + second, ...rest] }
}

/** Histogram `index`, summed over all requests. */
export function requestHistogram(
  series: Iterable<readonly [key: number, values: Float64Array]>,
  index: number,
): HistogramValue {
  const sums = new Float64Array(histogramCells)
  for (const [key, values] of series) if (!isClientKey(key)) addCells(sums, values, index * histogramCells)
  return histogramAt(sums, 0)
}

/** Histogram of tunnel durations. */
export function tunnelLives(blocks: readonly CounterBlock[]): HistogramValue {
  const sums = new Float64Array(histogramCells)
  for (const block of blocks) addCells(sums, block, tunnelLivesAt)
  return histogramAt(sums, 0)
}

/** Adds cells of `values`, starting at `from`, for the length of `into`. */
function addCells(into: Float64Array, values: Float64Array, from: number): void {
  for (let at = 0; at < into.length; at += 1) into[at] = (into[at] ?? 0) + (values[from + at] ?? 0)
}

/** Active requests, indexed by twice the method's number, plus one on a secure connection. */
export function activeRequests(blocks: readonly CounterBlock[]): readonly number[] {
  return Array.from({ length: activeCells }, (_, at) =>
    blocks.reduce((sum, block) => sum + (block[activeAt + at] ?? 0), 0),
  )
}
