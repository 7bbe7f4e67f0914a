/** Runs the tracer on a request without sockets. */
import { randomFillSync } from 'node:crypto'
import type { TracingSettings } from '../../../src/config/settings/tracing.ts'
import type { Decision } from '../../../src/proxy/decide/decide.ts'
import type { Trace } from '../../../src/proxy/trace/trace.ts'
import { createTracer } from '../../../src/proxy/trace/tracer.ts'
import { TraceIds } from '../../../src/telemetry/trace/sampling.ts'
import { reverseTo } from '../daemons/data-plane.ts'
import { collectSpans } from './spans.ts'

export const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
export const spanId = '00f067aa0ba902b7'
export const sampled = `00-${traceId}-${spanId}-01`
export const unsampled = `00-${traceId}-${spanId}-00`

interface Case {
  readonly tracing?: Partial<TracingSettings>
  readonly isOn?: boolean
  readonly isTrusted?: boolean
  readonly fields?: Readonly<Record<string, string>>
  readonly path?: string
}

export function ask({ tracing = {}, isOn = true, isTrusted = false, fields = {}, path = '/' }: Case) {
  const ids = () => new TraceIds(randomFillSync)
  const tracer = createTracer(
    reverseTo('http://upstream.test', { tracing }),
    isOn ? collectSpans().output : null,
    ids,
  )
  const exchange = { target: path, isTrusted, route: 1, trace: null as Trace | null }
  const decision: Decision = { kind: 'reverse', authority: '', path }
  const sent = Object.entries(fields).flat()
  tracer?.begin(exchange, [...sent], decision)
  exchange.trace?.writeTo(sent, path)
  exchange.trace?.begin('http://upstream.test:80', false, 1)
  const upstream: Record<string, string> = {}
  for (let at = 0; at < sent.length; at += 2) upstream[sent[at] as string] = sent[at + 1] as string
  return { trace: exchange.trace, upstream }
}

/** `joined`, `new`, or `linked`: a new trace with a link to the client's. */
export function kindOf(trace: Trace | null): string {
  if (!trace?.isSampled) return 'none'
  const { parent, link, traceId: id } = trace.start
  if (parent !== null) return id === traceId && parent.spanId === spanId && link === null ? 'joined' : 'bad'
  if (id === traceId) return 'bad'
  if (link === null) return 'new'
  return link.traceId === traceId && link.spanId === spanId ? 'linked' : 'bad'
}
