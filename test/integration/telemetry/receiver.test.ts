import { describe, expect, onTestFinished, test } from 'vitest'
import { startTelemetry } from '../../../src/telemetry/export/export.ts'
import type { Drops, Telemetry } from '../../../src/telemetry/export/telemetry.ts'
import type { SpanRecord } from '../../../src/telemetry/trace/span-record.ts'
import { startOtlpReceiver, waitForItem } from '../../kit/telemetry/otlp-receiver.ts'
import { settingsOf } from '../../kit/telemetry/telemetry-settings.ts'

/** The SDK with its exporters, against an independent receiver. */

const span: SpanRecord = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  isParentRemote: true,
  traceState: 'a=1,b=2',
  kind: 'server',
  name: 'GET /',
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_001.75,
  status: 'error',
  attributes: { 'http.request.method': 'GET', 'http.response.status_code': 502, 'x.flag': true },
  events: [{ name: 'retry', atMs: 1_700_000_000_001, attributes: { n: 1 } }],
  links: [{ traceId: '11111111111111111111111111111111', spanId: '2222222222222222', isSampled: true }],
}

async function start(
  config: Record<string, unknown>,
  env: Record<string, string> = {},
): Promise<{ readonly telemetry: Telemetry; readonly log: readonly string[] }> {
  const log: string[] = []
  const telemetry = await startTelemetry(settingsOf(config, env), {
    log: (level, message, fields) => log.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
  })
  onTestFinished(() => telemetry.close(0))
  return { telemetry, log }
}

const none: Drops = { spans: 0, metrics: 0, logs: 0 }

describe.each(['http/protobuf', 'grpc'] as const)('over %s', (protocol) => {
  test('a span arrives as it was recorded', async () => {
    const receiver = await startOtlpReceiver(['http', 'grpc'])
    const endpoint = protocol === 'grpc' ? receiver.grpcUrl : receiver.httpUrl
    const { telemetry } = await start({ endpoint, protocol })
    telemetry.exportSpans([
      span,
      { ...span, spanId: 'aaaaaaaaaaaaaaaa', kind: 'client', parentSpanId: span.spanId },
    ])
    await telemetry.flush(5_000)
    const found = await waitForItem('the span', receiver.spans, (one) => one.spanId === span.spanId)
    expect(found).toMatchObject({
      traceId: span.traceId,
      parentSpanId: span.parentSpanId,
      scope: 'bifrost-bridge',
      name: 'GET /',
      attributes: span.attributes,
    })
    expect(found.raw).toMatchObject({
      traceState: 'a=1,b=2',
      status: { code: expect.toBeOneOf([2, 'STATUS_CODE_ERROR']) },
    })
    expect(String(found.raw.startTimeUnixNano)).toBe('1700000000000250000')
    expect(String(found.raw.endTimeUnixNano)).toBe('1700000000001750000')
    expect(found.raw.events).toHaveLength(1)
    expect(found.raw.links).toHaveLength(1)
    const client = await waitForItem('the other', receiver.spans, (one) => one.spanId === 'aaaaaaaaaaaaaaaa')
    expect(client.parentSpanId).toBe(span.spanId)
    expect(telemetry.drops()).toEqual(none)
  })

  test('a log record arrives with severity and trace', async () => {
    const receiver = await startOtlpReceiver(['http', 'grpc'])
    const endpoint = protocol === 'grpc' ? receiver.grpcUrl : receiver.httpUrl
    const { telemetry } = await start({ endpoint, protocol, logs: { enabled: true } })
    telemetry.emitLog({
      atMs: 1_700_000_000_000,
      level: 'warn',
      message: 'it happened',
      attributes: { a: 1, b: true, c: ['x'], d: null, e: 'text' },
      event: 'proxy.exchange',
      traceId: span.traceId,
      spanId: null,
    })
    await telemetry.flush(5_000)
    const found = await waitForItem('the record', receiver.logs, ({ body }) => body === 'it happened')
    expect(found).toMatchObject({
      severity: 'WARN',
      traceId: span.traceId,
      attributes: { a: 1, b: true, c: '["x"]', e: 'text' },
    })
    expect(String(found.raw.timeUnixNano)).toBe('1700000000000000000')
    expect(telemetry.drops()).toEqual(none)
  })
})

describe('the resource', () => {
  test('identifies the service, with a distinct instance id for each daemon', async () => {
    const receiver = await startOtlpReceiver()
    const ids = new Set<unknown>()
    for (const name of ['first', 'second']) {
      const { telemetry } = await start({ endpoint: receiver.httpUrl })
      telemetry.exportSpans([{ ...span, name }])
      await telemetry.flush(5_000)
      const { resource } = await waitForItem(name, receiver.spans, (one) => one.name === name)
      expect(resource).toMatchObject({
        'service.name': 'bifrost-bridge',
        'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
        'process.pid': process.pid,
        'process.runtime.version': process.versions.node,
        'telemetry.sdk.language': 'nodejs',
        'host.name': expect.any(String),
      })
      expect(Object.keys(resource)).not.toContain('process.command_args')
      ids.add(resource['service.instance.id'])
    }
    expect(ids.size).toBe(2)
  })

  test('uses OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES; the configuration takes precedence', async () => {
    const receiver = await startOtlpReceiver()
    const env = {
      OTEL_SERVICE_NAME: 'edge',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,team=a,deployment.environment.name=env',
    }
    const resource = { 'deployment.environment.name': 'prod' }
    const { telemetry } = await start({ endpoint: receiver.httpUrl, resource }, env)
    telemetry.exportSpans([{ ...span, name: 'with resource' }])
    await telemetry.flush(5_000)
    const found = await waitForItem('the span', receiver.spans, ({ name }) => name === 'with resource')
    expect(found.resource).toMatchObject({
      'service.name': 'edge',
      team: 'a',
      'deployment.environment.name': 'prod',
    })
  })
})

test('messages of the SDK are logged if OTEL_LOG_LEVEL requests them', async () => {
  const { diag } = await import('@opentelemetry/api')
  onTestFinished(() => diag.disable())
  const receiver = await startOtlpReceiver()
  const { telemetry, log } = await start({ endpoint: receiver.httpUrl }, { OTEL_LOG_LEVEL: 'DEBUG' })
  telemetry.exportSpans([span])
  await telemetry.flush(5_000)
  expect(log.some((line) => /^debug OpenTelemetry: .*items to be sent/.test(line))).toBe(true)
})

test('the global providers of the program stay unchanged', async () => {
  const { trace, metrics, logs } = await import('@opentelemetry/api')
  const before = [trace.getTracerProvider(), metrics.getMeterProvider(), logs.getLoggerProvider()]
  await start({ endpoint: 'http://127.0.0.1:1', logs: { enabled: true } })
  expect(trace.getTracer('x').startSpan('a').isRecording()).toBe(false)
  expect(metrics.getMeterProvider()).toBe(before[1])
  expect(logs.getLogger('x').enabled()).toBe(false)
})
