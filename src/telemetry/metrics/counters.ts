/**
 * Counter block: the numbers of one service of one instance, in shared memory that main owns, so that they survive the
 * instance (design: metrics). One writer (the instance), plain adds, no lock: an 8-byte aligned double does not tear.
 * Doubles count exactly up to 2^53 (seed S066).
 *
 *   cells | active requests by method and scheme | lives of tunnels | length of the arena | arena: series in the order of their first use
 */
const cells = [
  'connectionsActive',
  'connectionsTotal',
  'connectionsRefused',
  'connectionsCutOff',
  'requestsTotal',
  'requestsFailed',
  'requestsFailedByClient',
  'bytesReceived',
  'bytesSent',
  'responseTimeMs',
  'responsesTimed',
  'filesServed',
  'filesStreamed',
  'cacheHits',
  'cacheMisses',
  'diskIoMs',
  'tunnelsActive',
  'tunnelsTotal',
  'tunnelBytesReceived',
  'tunnelBytesSent',
  'upstreamAttempts',
  'upstreamRetries',
  'upstreamOpen',
  'upstreamIdle',
  'targetFailures',
  'rateLimited',
  'loopDelayP99Ms',
  'memoryBytes',
  'heapUsedBytes',
  'cpuMs',
  'beats',
  'tlsHandshakes',
  'tlsHandshakesFailed',
  'proxyHeadersRejected',
  'logLinesDropped',
  'spansDropped',
] as const

export type Cell = (typeof cells)[number]

/** Offset of each counter in its block. `counters[cell.requestsTotal] += 1` is the whole API of the hot path. */
export const cell = Object.freeze(Object.fromEntries(cells.map((name, at) => [name, at]))) as Readonly<
  Record<Cell, number>
>

export type CounterBlock = Float64Array<SharedArrayBuffer>
export type CounterValues = Readonly<Record<Cell, number>>

/** A histogram is its sum and sixteen buckets. */
export const histogramCells = 17

/** Methods times two schemes. */
export const activeCells = 20
export const activeAt = cells.length
export const tunnelLivesAt = activeAt + activeCells
/** Cells of the arena that are in use. */
export const arenaLengthAt = tunnelLivesAt + histogramCells
export const arenaAt = arenaLengthAt + 1

/** Series that a service may have in an instance, each kind; one more takes what comes after them. */
export const maxServerSeries = 400
export const maxClientSeries = 100

/** A key and its histograms: duration and both sizes of bodies; duration alone. */
export const serverSeriesCells = 1 + 3 * histogramCells
export const clientSeriesCells = 1 + histogramCells

const blockCells =
  arenaAt + (maxServerSeries + 1) * serverSeriesCells + (maxClientSeries + 1) * clientSeriesCells

/** A fresh block, all zero. Its `buffer` may be posted to another thread. Memory that is not written to is not taken from the system. */
export function createCounterBlock(): CounterBlock {
  return new Float64Array(new SharedArrayBuffer(blockCells * Float64Array.BYTES_PER_ELEMENT))
}

/** The same counters seen from the thread that received the buffer. */
export function openCounterBlock(buffer: SharedArrayBuffer): CounterBlock {
  return new Float64Array(buffer)
}

/** A copy of what has been written: what another process has to be told. */
export function copyUsed(block: CounterBlock): Float64Array {
  return Float64Array.from(block.subarray(0, arenaAt + (block[arenaLengthAt] ?? 0)))
}

/** Hot path: adds at a precomputed offset. */
export function add(block: CounterBlock, at: number, by: number): void {
  block[at] = (block[at] ?? 0) + by
}

/** Counts by name, for rarer events. */
export function count(block: CounterBlock, name: Cell, by = 1): void {
  block[cell[name]] = (block[cell[name]] ?? 0) + by
}

/** Sums several blocks into plain data. */
export function readCounters(...blocks: readonly CounterBlock[]): CounterValues {
  const sum = (at: number) => blocks.reduce((total, block) => total + (block[at] ?? 0), 0)
  return Object.fromEntries(cells.map((name, at) => [name, sum(at)])) as CounterValues
}

/** Current values as opposed to totals. */
const gauges: readonly Cell[] = [
  'connectionsActive',
  'tunnelsActive',
  'upstreamOpen',
  'upstreamIdle',
  'targetFailures',
  'loopDelayP99Ms',
  'memoryBytes',
  'heapUsedBytes',
  'cpuMs',
  'beats',
]

/** Resets the gauges of an ended instance; its totals stay. */
export function clearGauges(block: CounterBlock): void {
  for (const name of gauges) block[cell[name]] = 0
  block.fill(0, activeAt, activeAt + activeCells)
}

/** Adds an ended instance's totals to `into`; series are added separately. */
export function addTotals(into: CounterBlock, block: CounterBlock): void {
  for (let at = 0; at < arenaLengthAt; at += 1) into[at] = (into[at] ?? 0) + (block[at] ?? 0)
}
