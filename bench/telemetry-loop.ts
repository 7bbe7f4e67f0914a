/**
 * Measures the metrics of one request in a loop, with the calls of an exchange and the block of an instance.
 */

import { randomFillSync } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { createSpanOutput } from '../src/proxy/trace/span-output.ts'
import type { Trace } from '../src/proxy/trace/trace.ts'
import { createTracer, type Tracer } from '../src/proxy/trace/tracer.ts'
import { add, cell, createCounterBlock } from '../src/telemetry/metrics/counters.ts'
import { Meter } from '../src/telemetry/metrics/meter.ts'
import { clientKey, methodId, serverKey } from '../src/telemetry/metrics/series-key.ts'
import { TraceIds } from '../src/telemetry/trace/sampling.ts'
import { reverseTo } from '../test/kit/daemons/data-plane.ts'

export interface LoopCost {
  /** Microseconds per request, median of the rounds. */
  readonly meterUs: number
  /** Including the clock reads at the start and end of an attempt, which only the metrics need. */
  readonly withClockUs: number
  /**
   * Including the clock reads at the start and end of an exchange, which deadlines and the access log need
   * anyway.
   */
  readonly withAllClocksUs: number
  /** Cost of a request without a span at 1 %; half of the clients send a context that is not sampled. */
  readonly tracingUs: number
}

const contexts = [{}, { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' }] as const

/** Measures the decision alone: started spans are dropped. */
function trace(tracer: Tracer): number {
  const subject = { target: '/', isTrusted: false, route: 1, trace: null as Trace | null }
  const decision = { kind: 'reverse', authority: 'a', path: '/' } as const
  let sampled = 0
  const before = process.threadCpuUsage()
  for (let n = 0; n < requests; n += 1) {
    subject.trace = null
    tracer.begin(subject, contexts[n % 2] as IncomingHttpHeaders, decision)
    if (subject.trace !== null) sampled += 1
  }
  const { user, system } = process.threadCpuUsage(before)
  return sampled > requests / 10 ? Number.NaN : (user + system) / requests
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
  // Use the result, so that the engine cannot remove the clock reads.
  return read < 0 ? Number.NaN : us
}

export function loopCost(): LoopCost {
  const meter = new Meter(createCounterBlock())
  const times: Record<Clocks, number[]> = { none: [], attempt: [], all: [] }
  const tracing: number[] = []
  const service = reverseTo('http://127.0.0.1:9', { tracing: { sampleRatio: 0.01 } })
  const source = { id: 'w#1', generation: 1, worker: { name: 'w', type: 'reverse' }, maxSpansPerSecond: 2000 }
  const output = createSpanOutput(source, meter.block, () => {})
  const tracer = createTracer(service, output, () => new TraceIds(randomFillSync))
  if (tracer === null) throw new Error('there is nothing to measure')
  for (let round = 0; round < rounds + 3; round += 1) {
    const us = trace(tracer)
    if (round >= 3) tracing.push(us)
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
    tracingUs: median(tracing),
  }
}
