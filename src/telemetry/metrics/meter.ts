/** The writing side of a counter block's series, on the hot path of an instance. */
import { finestDurationBounds, sizeBounds, tunnelBounds } from './bounds.ts'
import {
  activeAt,
  add,
  arenaAt,
  arenaLengthAt,
  type CounterBlock,
  cell,
  clientSeriesCells,
  histogramCells,
  maxClientSeries,
  maxServerSeries,
  serverSeriesCells,
  tunnelLivesAt,
} from './counters.ts'
import { isClientKey, overflowKeys } from './series-key.ts'

/** Size of the recent-series cache; a power of two. */
const places = 256

/**
 * Writes the series of one counter block: array additions after one integer look-up. A block has exactly one
 * meter.
 */
export class Meter {
  readonly block: CounterBlock
  /**
   * Offset of each series' first histogram. Bounded and never shrinking, so it puts no load on the garbage
   * collector.
   */
  readonly #offsets = new Map<number, number>()
  /**
   * Direct-mapped cache of recent series keys: most requests repeat one, and a comparison is cheaper than a
   * map look-up.
   */
  readonly #keys = new Int32Array(places).fill(-1)
  readonly #places = new Int32Array(places)
  #serverSeries = 0
  #clientSeries = 0

  constructor(block: CounterBlock) {
    this.block = block
  }

  /** Counts a request that begins (`by` 1) or ends (-1). */
  active(method: number, isSecure: boolean, by: 1 | -1): void {
    add(this.block, activeAt + 2 * method + (isSecure ? 1 : 0), by)
  }

  /** Records a finished request; returns its series for `sizes`. */
  finished(key: number, seconds: number): number {
    const at = this.#at(key)
    record(this.block, at, seconds, finestDurationBounds)
    return at
  }

  /** Records body sizes in bytes. */
  sizes(at: number, received: number, sent: number): void {
    record(this.block, at + histogramCells, received, sizeBounds)
    record(this.block, at + 2 * histogramCells, sent, sizeBounds)
  }

  /** Records a finished upstream attempt. */
  attempted(key: number, seconds: number): void {
    record(this.block, this.#at(key), seconds, finestDurationBounds)
  }

  tunnelEnded(seconds: number): void {
    record(this.block, tunnelLivesAt, seconds, tunnelBounds)
  }

  /** Counts consecutive connect failures of the reverse proxy's target. */
  targetFailed(): void {
    add(this.block, cell.targetFailures, 1)
  }

  targetReached(): void {
    if (this.block[cell.targetFailures] !== 0) this.block[cell.targetFailures] = 0
  }

  #at(key: number): number {
    const place = (key ^ (key >>> 11) ^ (key >>> 18)) & (places - 1)
    if (this.#keys[place] === key) return this.#places[place] as number
    const at = this.#offsets.get(key) ?? this.#open(key)
    this.#keys[place] = key
    this.#places[place] = at
    return at
  }

  /** Returns a place for a new series, or the overflow series if the arena is full. */
  #open(key: number): number {
    const isClient = isClientKey(key)
    const isFull = isClient ? this.#clientSeries >= maxClientSeries : this.#serverSeries >= maxServerSeries
    const overflow = isClient ? overflowKeys.client : overflowKeys.server
    if (isFull && key !== overflow) return this.#offsets.get(overflow) ?? this.#open(overflow)
    if (isClient) this.#clientSeries += 1
    else this.#serverSeries += 1
    const { block } = this
    const length = block[arenaLengthAt] ?? 0
    const at = arenaAt + length
    // Keys are stored plus one, so that 0 marks a slot that is not filled yet.
    block[at] = key < 0 ? key : key + 1
    block[arenaLengthAt] = length + (isClient ? clientSeriesCells : serverSeriesCells)
    this.#offsets.set(key, at + 1)
    return at + 1
  }
}

/**
 * Writes the sum first, then the buckets. Readers derive the count from the buckets, because they may see one
 * without the other.
 */
function record(block: CounterBlock, at: number, value: number, bounds: readonly number[]): void {
  let bucket = 0
  while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket += 1
  block[at] = (block[at] ?? 0) + value
  block[at + 1 + bucket] = (block[at + 1 + bucket] ?? 0) + 1
}
