/** Sends spans and counters as OTLP/JSON. */
import { randomBytes } from 'node:crypto'

/** A span for a fake sender of OTLP/JSON; its times are derived from `durationMs`. */
export interface MadeSpan {
  readonly name: string
  readonly traceId?: string
  readonly durationMs: number
  readonly isError?: boolean
  readonly attributes?: Readonly<Record<string, string | number>>
}

export interface MadeCounter {
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly attributes?: Readonly<Record<string, string | number>>
}

const pairs = (attributes: Readonly<Record<string, string | number>> = {}) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: value } : { stringValue: value },
  }))

const maker = { 'service.name': 'maker', 'service.instance.id': 'one' }
const nanos = (ms: number) => String(BigInt(Math.round(ms * 1000)) * 1000n)

async function post(url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
}

/**
 * Posts spans. Each starts its own trace unless it has a trace id; `more` are further resource attributes.
 */
export function postSpans(
  base: string,
  made: readonly MadeSpan[],
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const resource = { attributes: pairs({ ...maker, ...more }) }

  const endMs = Date.now()
  const spans = made.map(({ name, traceId, durationMs, isError = false, attributes }) => ({
    name,
    traceId: traceId ?? randomBytes(16).toString('hex'),
    spanId: randomBytes(8).toString('hex'),
    kind: 2,
    startTimeUnixNano: nanos(endMs - durationMs),
    endTimeUnixNano: nanos(endMs),
    status: isError ? { code: 2 } : {},
    attributes: pairs(attributes),
  }))
  return post(`${base}/v1/traces`, { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })
}

export function postCounters(base: string, made: readonly MadeCounter[]): Promise<void> {
  const resource = { attributes: pairs(maker) }
  const time = nanos(Date.now())
  const metrics = made.map(({ name, unit, value, attributes }) => ({
    name,
    unit,
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [
        { asInt: value, startTimeUnixNano: time, timeUnixNano: time, attributes: pairs(attributes) },
      ],
    },
  }))
  return post(`${base}/v1/metrics`, { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] })
}
