/** An independent OTLP receiver, to check the exporter against the official .proto files. */
import { MockOtlpServer } from '@elastic/mockotlpserver'
import { onTestFinished } from 'vitest'
import { until } from '../waiting/until.ts'

/** A third-party receiver that decodes OTLP with the official .proto files. It does not support gzip. */
export interface OtlpReceiver {
  readonly httpUrl: string
  readonly grpcUrl: string
  readonly spans: readonly ReceivedSpan[]
  readonly logs: readonly ReceivedLog[]
  /** Data points by name, those of the latest export last. */
  readonly points: readonly ReceivedPoint[]
}

type Attributes = Readonly<Record<string, unknown>>

export interface ReceivedSpan {
  readonly resource: Attributes
  readonly scope: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly name: string
  readonly kind: unknown
  readonly attributes: Attributes
  readonly raw: Raw
}

export interface ReceivedLog {
  readonly resource: Attributes
  readonly body: string
  readonly severity: string
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Attributes
  readonly raw: Raw
}

export interface ReceivedPoint {
  readonly resource: Attributes
  readonly name: string
  readonly unit: string
  readonly attributes: Attributes
  readonly raw: Raw
}

// biome-ignore lint/suspicious/noExplicitAny: what a decoder gives
type Raw = any

export async function startOtlpReceiver(
  services: readonly ('http' | 'grpc')[] = ['http'],
): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = []
  const logs: ReceivedLog[] = []
  const points: ReceivedPoint[] = []
  const server = new MockOtlpServer({
    services,
    logLevel: 'fatal',
    httpHostname: '127.0.0.1',
    httpPort: 0,
    grpcHostname: '127.0.0.1',
    grpcPort: 0,
    onTrace: (message: Raw) => spans.push(...spansOf(message)),
    onLogs: (message: Raw) => logs.push(...logsOf(message)),
    onMetrics: (message: Raw) => points.push(...pointsOf(message)),
  })
  await server.start()
  onTestFinished(() => server.close())
  return { httpUrl: server.httpUrl ?? '', grpcUrl: server.grpcUrl ?? '', spans, logs, points }
}

/** Resolves with the first matching item. */
export async function waitForItem<Item>(
  what: string,
  items: readonly Item[],
  fits: (item: Item) => boolean,
): Promise<Item> {
  await until(what, () => items.some(fits))
  return items.find(fits) as Item
}

const hex = (bytes: unknown): string =>
  bytes instanceof Uint8Array || Array.isArray(bytes)
    ? Buffer.from(bytes as Uint8Array).toString('hex')
    : String(bytes ?? '')

function decoded(value: Raw): unknown {
  if (value === null || value === undefined) return undefined
  // Unset fields have their default on the prototype.
  for (const key of ['stringValue', 'boolValue', 'doubleValue'])
    if (Object.hasOwn(value, key)) return value[key]
  return Object.hasOwn(value, 'intValue') ? Number(value.intValue) : value
}

const attributesOf = (list: Raw): Attributes =>
  Object.fromEntries((list ?? []).map((one: Raw) => [one.key, decoded(one.value)]))

function spansOf(message: Raw): ReceivedSpan[] {
  return message.resourceSpans.flatMap((ofResource: Raw) =>
    ofResource.scopeSpans.flatMap((ofScope: Raw) =>
      ofScope.spans.map((raw: Raw) => ({
        resource: attributesOf(ofResource.resource.attributes),
        scope: ofScope.scope.name,
        traceId: hex(raw.traceId),
        spanId: hex(raw.spanId),
        parentSpanId: hex(raw.parentSpanId),
        name: raw.name,
        kind: raw.kind,
        attributes: attributesOf(raw.attributes),
        raw,
      })),
    ),
  )
}

function logsOf(message: Raw): ReceivedLog[] {
  return message.resourceLogs.flatMap((ofResource: Raw) =>
    ofResource.scopeLogs.flatMap((ofScope: Raw) =>
      ofScope.logRecords.map((raw: Raw) => ({
        resource: attributesOf(ofResource.resource.attributes),
        body: String(decoded(raw.body)),
        severity: raw.severityText,
        traceId: hex(raw.traceId),
        spanId: hex(raw.spanId),
        attributes: attributesOf(raw.attributes),
        raw,
      })),
    ),
  )
}

function pointsOf(message: Raw): ReceivedPoint[] {
  return message.resourceMetrics.flatMap((ofResource: Raw) =>
    ofResource.scopeMetrics.flatMap((ofScope: Raw) =>
      ofScope.metrics.flatMap((metric: Raw) => {
        const { dataPoints = [] } = metric.sum ?? metric.gauge ?? metric.histogram ?? {}
        return dataPoints.map((raw: Raw) => ({
          resource: attributesOf(ofResource.resource.attributes),
          name: metric.name,
          unit: metric.unit,
          attributes: attributesOf(raw.attributes),
          raw,
        }))
      }),
    ),
  )
}
