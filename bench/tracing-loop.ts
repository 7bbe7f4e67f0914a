/** Measures the trace of one request in a loop, with the calls of the data plane. */
import { randomFillSync } from 'node:crypto'
import { parseConfig } from '../src/config/load.ts'
import type { Decision } from '../src/proxy/decide/decide.ts'
import type { Trace } from '../src/proxy/trace/trace.ts'
import { createTracer } from '../src/proxy/trace/tracer.ts'
import { TraceIds } from '../src/telemetry/trace/sampling.ts'
import { SpanBatch } from '../src/telemetry/trace/span-batch.ts'

/** Microseconds per request, medians of the rounds. */
export type TracingCost = Readonly<Record<keyof typeof cases, number>>

const requests = 500_000
const rounds = 9

type Fields = Readonly<Record<string, string>>
const none: Fields = { host: 'a.test', accept: '*/*', 'user-agent': 'wrk' }
const unsampled: Fields = {
  ...none,
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00',
}

/** The loop alone; telemetry on without and with a `traceparent` that is not sampled, at a ratio of 0 and of 1 %. */
const cases = {
  loop: { ratio: null, headers: none },
  none: { ratio: 0, headers: none },
  unsampled: { ratio: 0, headers: unsampled },
  noneAt1Percent: { ratio: 0.01, headers: none },
  unsampledAt1Percent: { ratio: 0.01, headers: unsampled },
} as const satisfies Record<string, { readonly ratio: number | null; readonly headers: Fields }>

const decision: Decision = { kind: 'reverse', authority: 'a.test', path: '/1k.txt' }

function tracerAt(ratio: number | null) {
  if (ratio === null) return null
  const workers = { reverse_proxy: { target: 'http://127.0.0.1:1', tracing: { sample_ratio: ratio } } }
  const text = JSON.stringify({ mode: 'Reverse', listen_addr: '127.0.0.1:0', workers })
  const service = parseConfig(text, { file: 'loop', baseDir: '/' }).settings.workers[0]?.services[0]
  const batch = new SpanBatch({ maxPerSecond: 1_000, post: () => {}, onDropped: () => {} })
  const ids = new TraceIds(randomFillSync)
  return service === undefined ? null : createTracer(service, { batch, attributes: {} }, () => ids)
}

function run(tracer: ReturnType<typeof tracerAt>, headers: Fields): number {
  const exchange = { target: '/1k.txt', isTrusted: false, route: 1, trace: null as Trace | null }
  const before = process.threadCpuUsage()
  for (let n = 0; n < requests; n += 1) {
    exchange.trace = null
    tracer?.begin(exchange, headers, decision)
  }
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / requests
}

export function tracingCost(): TracingCost {
  const costs = Object.entries(cases).map(([name, { ratio, headers }]) => {
    const tracer = tracerAt(ratio)
    const times = Array.from({ length: rounds + 2 }, () => run(tracer, headers)).slice(2)
    return [name, times.toSorted((a, b) => a - b)[rounds >> 1] ?? Number.NaN]
  })
  return Object.fromEntries(costs) as TracingCost
}
