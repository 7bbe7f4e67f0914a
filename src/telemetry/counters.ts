/**
 * Counter block: the numbers of one service of one instance, in shared memory that main owns, so that they survive the
 * instance (design: metrics). One writer (the instance), plain adds, no lock: an 8-byte aligned double does not tear.
 * Doubles count exactly up to 2^53 (seed S066).
 */
const cells = [
  'connectionsActive',
  'connectionsTotal',
  'connectionsRefused',
  'connectionsCutOff',
  'requestsTotal',
  'requestsFailed',
  'bytesReceived',
  'bytesSent',
  'responseTimeMs',
  'responsesTimed',
  'filesServed',
  'cacheHits',
  'diskIoMs',
  'tunnelsActive',
  'tunnelsTotal',
  'loopDelayP99Ms',
  'memoryBytes',
  'cpuMs',
  'beats',
  'tlsHandshakes',
  'tlsHandshakesFailed',
  'proxyHeadersRejected',
  'logLinesDropped',
] as const

export type Cell = (typeof cells)[number]

/** Offset of each counter in its block. `counters[cell.requestsTotal] += 1` is the whole API of the hot path. */
export const cell = Object.freeze(Object.fromEntries(cells.map((name, at) => [name, at]))) as Readonly<
  Record<Cell, number>
>

export type CounterBlock = Float64Array<SharedArrayBuffer>
export type CounterValues = Readonly<Record<Cell, number>>

/** A fresh block, all zero. Its `buffer` may be posted to another thread. */
export function createCounterBlock(): CounterBlock {
  return new Float64Array(new SharedArrayBuffer(cells.length * Float64Array.BYTES_PER_ELEMENT))
}

/** The same counters seen from the thread that received the buffer. */
export function openCounterBlock(buffer: SharedArrayBuffer): CounterBlock {
  return new Float64Array(buffer)
}

export function count(block: CounterBlock, name: Cell, by = 1): void {
  block[cell[name]] = (block[cell[name]] ?? 0) + by
}

/** Sum of several blocks, as plain data. */
export function readCounters(...blocks: readonly CounterBlock[]): CounterValues {
  const sum = (at: number) => blocks.reduce((total, block) => total + (block[at] ?? 0), 0)
  return Object.fromEntries(cells.map((name, at) => [name, sum(at)])) as CounterValues
}

/** What an instance has at the moment, and not what it has counted. */
const gauges: readonly Cell[] = [
  'connectionsActive',
  'tunnelsActive',
  'loopDelayP99Ms',
  'memoryBytes',
  'cpuMs',
  'beats',
]

/** An instance that ended holds nothing any more: its gauges go to zero, its totals stay. */
export function clearGauges(block: CounterBlock): void {
  for (const name of gauges) block[cell[name]] = 0
}
