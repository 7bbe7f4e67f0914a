/** A small OTLP/JSON receiver for what the Collector forwards. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

type Attributes = Readonly<Record<string, string | number | boolean | null>>

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  /** 2 for SERVER, 3 for CLIENT. */
  readonly kind: number
  /** 0 for unset, 2 for error. */
  readonly status: number
  readonly durationMs: number
  readonly attributes: Attributes
  readonly events: readonly { readonly name: string; readonly attributes: Attributes }[]
  readonly resource: Attributes
}

export interface ReceivedLog {
  readonly body: string
  readonly severity: string
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Attributes
  readonly resource: Attributes
}

export interface ReceivedPoint {
  readonly metric: string
  readonly unit: string
  readonly attributes: Attributes
  /** Value of a sum or gauge; count of a histogram. */
  readonly value: number
  readonly sum: number | null
  readonly resource: Attributes
}

/** A receiver of uncompressed OTLP/JSON on a port chosen by the kernel. */
export interface OtlpSink extends AsyncDisposable {
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
  readonly logs: readonly ReceivedLog[]
  /** The newest point of each metric, attribute set and sender. */
  readonly points: readonly ReceivedPoint[]
}

// The parts of OTLP JSON that are read here.
interface KeyValue {
  readonly key: string
  readonly value?: {
    readonly stringValue?: string
    readonly intValue?: string
    readonly doubleValue?: number
    readonly boolValue?: boolean
  }
}
interface Scoped {
  readonly resource?: { readonly attributes?: readonly KeyValue[] }
}
interface JsonSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly kind?: number
  readonly status?: { readonly code?: number }
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes?: readonly KeyValue[]
  readonly events?: readonly { readonly name: string; readonly attributes?: readonly KeyValue[] }[]
}
interface JsonLog {
  readonly body?: { readonly stringValue?: string }
  readonly severityText?: string
  readonly traceId?: string
  readonly spanId?: string
  readonly attributes?: readonly KeyValue[]
}
interface JsonPoint {
  readonly attributes?: readonly KeyValue[]
  readonly asInt?: string
  readonly asDouble?: number
  readonly count?: string
  readonly sum?: number
}
interface JsonData {
  readonly dataPoints?: readonly JsonPoint[]
}
interface JsonMetric {
  readonly name: string
  readonly unit?: string
  readonly sum?: JsonData
  readonly gauge?: JsonData
  readonly histogram?: JsonData
}
interface JsonExport {
  readonly resourceSpans?: readonly (Scoped & {
    readonly scopeSpans?: readonly { readonly spans?: readonly JsonSpan[] }[]
  })[]
  readonly resourceLogs?: readonly (Scoped & {
    readonly scopeLogs?: readonly { readonly logRecords?: readonly JsonLog[] }[]
  })[]
  readonly resourceMetrics?: readonly (Scoped & {
    readonly scopeMetrics?: readonly { readonly metrics?: readonly JsonMetric[] }[]
  })[]
}

function attributesOf(pairs: readonly KeyValue[] = []): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value = {} }) => {
      const { stringValue, intValue, doubleValue, boolValue } = value
      return [
        key,
        stringValue ?? (intValue === undefined ? (doubleValue ?? boolValue ?? null) : Number(intValue)),
      ]
    }),
  )
}

const spansOf = (body: JsonExport): readonly ReceivedSpan[] =>
  (body.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) =>
    scopeSpans
      .flatMap(({ spans = [] }) => spans)
      .map((span) => ({
        name: span.name,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        kind: span.kind ?? 0,
        status: span.status?.code ?? 0,
        durationMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
        attributes: attributesOf(span.attributes),
        events: (span.events ?? []).map(({ name, attributes }) => ({
          name,
          attributes: attributesOf(attributes),
        })),
        resource: attributesOf(resource?.attributes),
      })),
  )

const logsOf = (body: JsonExport): readonly ReceivedLog[] =>
  (body.resourceLogs ?? []).flatMap(({ resource, scopeLogs = [] }) =>
    scopeLogs
      .flatMap(({ logRecords = [] }) => logRecords)
      .map((record) => ({
        body: record.body?.stringValue ?? '',
        severity: record.severityText ?? '',
        traceId: record.traceId ?? '',
        spanId: record.spanId ?? '',
        attributes: attributesOf(record.attributes),
        resource: attributesOf(resource?.attributes),
      })),
  )

const pointsOf = (body: JsonExport): readonly ReceivedPoint[] =>
  (body.resourceMetrics ?? []).flatMap(({ resource, scopeMetrics = [] }) =>
    scopeMetrics
      .flatMap(({ metrics = [] }) => metrics)
      .flatMap(({ name, unit = '', sum, gauge, histogram }) =>
        ((sum ?? gauge ?? histogram)?.dataPoints ?? []).map((point) => ({
          metric: name,
          unit,
          attributes: attributesOf(point.attributes),
          value: Number(point.count ?? point.asInt ?? point.asDouble ?? 0),
          sum: point.sum ?? null,
          resource: attributesOf(resource?.attributes),
        })),
      ),
  )

const keyOf = ({ metric, attributes, resource }: ReceivedPoint) =>
  JSON.stringify([metric, attributes, resource['service.instance.id']])

export async function startOtlpSink(): Promise<OtlpSink> {
  const spans: ReceivedSpan[] = []
  const logs: ReceivedLog[] = []
  const points = new Map<string, ReceivedPoint>()
  const take = async (req: IncomingMessage) => {
    const body = (await json(req)) as JsonExport
    spans.push(...spansOf(body))
    logs.push(...logsOf(body))
    for (const point of pointsOf(body)) points.set(keyOf(point), point)
  }
  const server = createServer((req, res) => {
    take(req).then(
      () => res.writeHead(200, { 'content-type': 'application/json' }).end('{}'),
      (error: unknown) => res.writeHead(400).end(String(error)),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    logs,
    get points() {
      return [...points.values()]
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
