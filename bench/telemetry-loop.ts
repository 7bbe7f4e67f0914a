/** What the metrics of one request cost in a loop: the same calls as an exchange makes, on a block as an instance has it. */
import { add, cell, createCounterBlock } from '../src/telemetry/counters.ts'
import { Meter } from '../src/telemetry/meter.ts'
import { clientKey, methodId, serverKey } from '../src/telemetry/series-key.ts'

export interface LoopCost {
  /** Microseconds a request, the median of the rounds. */
  readonly meterUs: number
  /** The same with the clock read where an attempt begins and ends, which only the metrics do. */
  readonly withClockUs: number
  /** And where an exchange begins and ends, which its deadlines and the access log need anyway. */
  readonly withAllClocksUs: number
}

const requests = 300_000
const rounds = 15

const statuses = [200, 200, 200, 200, 200, 200, 304, 404, 502, 200] as const
const methods = ['GET', 'GET', 'POST', 'GET', 'HEAD', 'GET', 'GET', 'GET', 'GET', 'PUT'] as const

type Clocks = 'none' | 'attempt' | 'all'

function run(meter: Meter, clocks: Clocks): number {
  const { block } = meter
  let read = 0
  const before = process.threadCpuUsage()
  for (let n = 0; n < requests; n += 1) {
    const method = methodId(methods[n % 10] as string)
    const status = statuses[(n * 7) % 10] as number
    if (clocks === 'all') read += performance.now()
    meter.active(method, false, 1)
    add(block, cell.upstreamAttempts, 1)
    if (clocks !== 'none') read += performance.now()
    meter.targetReached()
    if (clocks !== 'none') read += performance.now()
    meter.attempted(clientKey(method, status, 0), 0.0007)
    if (clocks === 'all') read += performance.now()
    add(block, cell.requestsTotal, 1)
    add(block, cell.responseTimeMs, 0.8)
    add(block, cell.responsesTimed, 1)
    add(block, cell.bytesReceived, 120)
    add(block, cell.bytesSent, 1_200)
    meter.active(method, false, -1)
    const series = meter.finished(serverKey(method, false, 11, status, 0, 1), 0.0008)
    meter.sizes(series, 0, 1_024)
  }
  const { user, system } = process.threadCpuUsage(before)
  const us = (user + system) / requests
  // Whoever reads a clock and drops the time may have it dropped altogether.
  return read < 0 ? Number.NaN : us
}

export function loopCost(): LoopCost {
  const meter = new Meter(createCounterBlock())
  const times: Record<Clocks, number[]> = { none: [], attempt: [], all: [] }
  for (let round = 0; round < rounds + 3; round += 1) {
    for (const clocks of ['none', 'attempt', 'all'] as const) {
      const us = run(meter, clocks)
      if (round >= 3) times[clocks].push(us)
    }
  }
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[rounds >> 1] ?? Number.NaN
  return {
    meterUs: median(times.none),
    withClockUs: median(times.attempt),
    withAllClocksUs: median(times.all),
  }
}
