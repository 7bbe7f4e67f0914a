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
  else addCells(sums, values, 0)
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

/** The histogram number `index` of all requests. */
export function requestHistogram(
  series: Iterable<readonly [key: number, values: Float64Array]>,
  index: number,
): HistogramValue {
  const sums = new Float64Array(histogramCells)
  for (const [key, values] of series) if (!isClientKey(key)) addCells(sums, values, index * histogramCells)
  return histogramAt(sums, 0)
}

/** Lives of tunnels. */
export function tunnelLives(blocks: readonly CounterBlock[]): HistogramValue {
  const sums = new Float64Array(histogramCells)
  for (const block of blocks) addCells(sums, block, tunnelLivesAt)
  return histogramAt(sums, 0)
}

/** Adds the cells from `from` on, as many as `into` has. */
function addCells(into: Float64Array, values: Float64Array, from: number): void {
  for (let at = 0; at < into.length; at += 1) into[at] = (into[at] ?? 0) + (values[from + at] ?? 0)
}

/** Active requests by twice the method's number, plus one where the connection is secure. */
export function activeRequests(blocks: readonly CounterBlock[]): readonly number[] {
  return Array.from({ length: activeCells }, (_, at) =>
    blocks.reduce((sum, block) => sum + (block[activeAt + at] ?? 0), 0),
  )
}
