/**
 * The SDK's OTLP exporters by protocol. The gRPC exporters are loaded on demand; sdk-node loads their library
 * in any case.
 */
import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { createRequire } from 'node:module'
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { ExporterSettings, Signal } from './settings.ts'
import type { Exporter } from './watched-exporter.ts'

export interface Items {
  readonly traces: ReadableSpan[]
  readonly metrics: ResourceMetrics
  readonly logs: ReadableLogRecord[]
}

export interface OpenExporter<Kind extends Signal> {
  readonly exporter: Exporter<Items[Kind]>
  /** Ends the open connections. */
  cutOff(): void
  /** Ends the open connections and prevents new ones. */
  close(): void
}

/** Exports run one at a time, but abandoned ones may still be ending. */
const concurrencyLimit = 4

export function openExporter<Kind extends Signal>(
  signal: Kind,
  settings: ExporterSettings,
): Promise<OpenExporter<Kind>> {
  return settings.protocol === 'grpc' ? openGrpc(signal, settings) : openHttp(signal, settings)
}

type HttpOptions = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>

const http = { traces: OTLPTraceExporter, metrics: OTLPMetricExporter, logs: OTLPLogExporter } as const

async function openHttp<Kind extends Signal>(
  signal: Kind,
  settings: ExporterSettings,
): Promise<OpenExporter<Kind>> {
  const { url, headers, timeoutMs, compression } = settings
  const agent = url.startsWith('https:')
    ? new HttpsAgent({ keepAlive: true, ...pemOf(settings) })
    : new HttpAgent({ keepAlive: true })
  const exporter = new http[signal]({
    url,
    headers,
    timeoutMillis: timeoutMs,
    concurrencyLimit,
    compression: compression as NonNullable<HttpOptions['compression']>,
    httpAgentOptions: () => agent,
  })
  return {
    exporter: exporter as unknown as Exporter<Items[Kind]>,
    cutOff: () => agent.destroy(),
    close() {
      agent.createConnection = () => {
        throw new Error('closed')
      }
      agent.destroy()
    },
  }
}

function pemOf({ tls: { caFile, certFile, keyFile } }: ExporterSettings) {
  return {
    ...(caFile === null ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === null ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === null ? {} : { key: readFileSync(keyFile) }),
  }
}

/** The part of @grpc/grpc-js used here. */
interface Grpc {
  readonly Metadata: new () => { set(name: string, value: string): void }
  readonly credentials: {
    createInsecure(): unknown
    createSsl(ca: Buffer | null, key: Buffer | null, cert: Buffer | null): unknown
  }
}

async function openGrpc<Kind extends Signal>(
  signal: Kind,
  settings: ExporterSettings,
): Promise<OpenExporter<Kind>> {
  const [traces, metrics, logs] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-grpc'),
    import('@opentelemetry/exporter-metrics-otlp-grpc'),
    import('@opentelemetry/exporter-logs-otlp-grpc'),
  ])
  const classes = {
    traces: traces.OTLPTraceExporter,
    metrics: metrics.OTLPMetricExporter,
    logs: logs.OTLPLogExporter,
  } as const
  type Options = NonNullable<ConstructorParameters<typeof traces.OTLPTraceExporter>[0]>
  // Load the exporters' own copy: they accept only objects of its classes.
  const from = createRequire(import.meta.url).resolve('@opentelemetry/exporter-trace-otlp-grpc')
  const grpc = createRequire(from)('@grpc/grpc-js') as Grpc
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(settings.headers)) metadata.set(name, value)
  const { ca = null, cert = null, key = null } = pemOf(settings)
  const exporter = new classes[signal]({
    url: settings.url,
    timeoutMillis: settings.timeoutMs,
    concurrencyLimit,
    compression: settings.compression as NonNullable<Options['compression']>,
    metadata: metadata as NonNullable<Options['metadata']>,
    credentials: (settings.url.startsWith('https:')
      ? grpc.credentials.createSsl(ca, key, cert)
      : grpc.credentials.createInsecure()) as NonNullable<Options['credentials']>,
  })
  return {
    exporter: exporter as unknown as Exporter<Items[Kind]>,
    // A gRPC timeout is a deadline for the whole call.
    cutOff: () => {},
    close: () => void exporter.shutdown(),
  }
}
