/**
 * Counter block: the numbers of one service of one instance, in shared memory that main owns, so that they survive the
 * instance. One writer (the instance), plain additions, no lock: an aligned 8-byte double does not tear. Doubles count
 * exactly up to 2^53 (S066).
 *
 *   cells | active requests by method and scheme | tunnel durations | arena length | arena: series in order of first use
 */
const cells = [
  'connectionsActive',
  'connectionsTotal',
  'connectionsRefused',
  'connectionsCutOff',
  'connectionsReset',
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

/** Offset of each counter in its block. The hot path only does `counters[cell.requestsTotal] += 1`. */
export const cell = Object.freeze(Object.fromEntries(cells.map((name, at) => [name, at]))) as Readonly<
  Record<Cell, number>
>

export type CounterBlock = Float64Array<SharedArrayBuffer>
export type CounterValues = Readonly<Record<Cell, number>>

/** Cells of a histogram: its sum and sixteen buckets. */
export const histogramCells = 17

/** Number of methods times two schemes. */
export const activeCells = 20
export const activeAt = cells.length
export const tunnelLivesAt = activeAt + activeCells
/** Offset of the number of arena cells in use. */
export const arenaLengthAt = tunnelLivesAt + histogramCells
export const arenaAt = arenaLengthAt + 1

/** Maximum series of each kind for one service in one instance; a further one counts the overflow. */
export const maxServerSeries = 400
export const maxClientSeries = 100

/**
 * A server series is a key and the histograms of duration and of both body sizes; a client series has the
 * duration only.
 */
export const serverSeriesCells = 1 + 3 * histogramCells
export const clientSeriesCells = 1 + histogramCells

const blockCells =
  arenaAt + (maxServerSeries + 1) * serverSeriesCells + (maxClientSeries + 1) * clientSeriesCells

/**
 * Creates a zeroed block. Its `buffer` may be posted to another thread. The system allocates only pages that
 * are written.
 */
export function createCounterBlock(): CounterBlock {
  return new Float64Array(new SharedArrayBuffer(blockCells * Float64Array.BYTES_PER_ELEMENT))
}

/** Opens the counters in a thread that received the buffer. */
export function openCounterBlock(buffer: SharedArrayBuffer): CounterBlock {
  return new Float64Array(buffer)
}

/** Copies the used part of a block, to send it to another process. */
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
