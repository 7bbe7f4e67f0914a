import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { postCounters, postSpans } from '../kit/clients/otlp-client.ts'
import { startCollector } from '../kit/collector/collector.ts'
import { startOtlpSink } from '../kit/telemetry/otlp-sink.ts'
import { samplesOf, sumOf } from '../kit/telemetry/prometheus-text.ts'
import { until } from '../kit/waiting/until.ts'
import { describeCollector } from './suite.ts'

const quick = { TAIL_WAIT: '1s', SPAN_METRICS_FLUSH: '200ms' }
const toSink = (url: string) => ({
  BACKEND_HTTP: url,
  BACKEND_ENCODING: 'json',
  BACKEND_COMPRESSION: 'none',
  TRACES_TO: '[otlp_http]',
  LOGS_TO: '[otlp_http]',
  METRICS_TO: '[prometheus, otlp_http]',
})

describeCollector('the pipeline of otel-collector.yaml', () => {
  test('keeps errors and slow traces, but not tunnels, which are always long', async () => {
    await using sink = await startOtlpSink()
    await using collector = await startCollector({ ...quick, ...toSink(sink.url), KEEP_PERCENT: '0' })
    const traceId = randomBytes(16).toString('hex')
    await postSpans(collector.otlpHttp, [
      { name: 'plain', durationMs: 5 },
      { name: 'failed', durationMs: 5, isError: true },
      { name: 'slow', durationMs: 900 },
      { name: 'tunnel', durationMs: 60_000, attributes: { 'http.request.method': 'CONNECT' } },
      { name: 'websocket', durationMs: 60_000, attributes: { 'http.response.status_code': 101 } },
      { name: 'server', traceId, durationMs: 6 },
      { name: 'client', traceId, durationMs: 5, isError: true },
    ])
    await until('the kept ones have come', () => sink.spans.length >= 4)
    // All decisions are made at once, so the kept spans arrive together.
    expect(sink.spans.map(({ name }) => name).sort()).toEqual(['client', 'failed', 'server', 'slow'])
  })

  test('counts spans before sampling, in seconds and without a resource of its own', async () => {
    await using collector = await startCollector({ ...quick, KEEP_PERCENT: '0' })
    const attributes = {
      'http.request.method': 'GET',
      'http.response.status_code': 200,
      'proxy.type': 'reverse',
    }
    await postSpans(
      collector.otlpHttp,
      Array.from({ length: 20 }, () => ({ name: 'GET /a', durationMs: 8, attributes })),
    )
    const labels = { span_name: 'GET /a', http_response_status_code: '200', proxy_type: 'reverse' }
    const sum = async (name: string, more = {}) =>
      sumOf(samplesOf(await collector.metrics()), name, { ...labels, ...more })
    await until('they are counted', async () => (await sum('traces_span_metrics_calls_total')) === 20)
    expect(await sum('traces_span_metrics_duration_seconds_bucket', { le: '0.005' })).toBe(0)
    expect(await sum('traces_span_metrics_duration_seconds_bucket', { le: '0.01' })).toBe(20)
    expect(await sum('traces_span_metrics_duration_seconds_sum')).toBeCloseTo(0.16, 3)
    expect(await collector.metrics()).not.toContain('collector_instance_id')
  })

  test('keeps a share of the remaining traces', async () => {
    await using sink = await startOtlpSink()
    await using collector = await startCollector({ ...quick, ...toSink(sink.url), KEEP_PERCENT: '50' })
    const traces = Array.from({ length: 1000 }, () => ({ name: 'plain', durationMs: 5 }))
    await postSpans(collector.otlpHttp, [...traces, { name: 'failed', durationMs: 5, isError: true }])
    await until('they have come', () => sink.spans.some(({ name }) => name === 'failed'))
    // 1000 coin tosses: 6 standard deviations.
    expect(Math.abs(sink.spans.length - 500)).toBeLessThan(95)
  })

  test('keeps attributes set by the resource', async () => {
    await using sink = await startOtlpSink()
    await using collector = await startCollector({ ...quick, ...toSink(sink.url), DEPLOY_ENV: 'here' })
    const key = 'deployment.environment.name'
    await postSpans(collector.otlpHttp, [{ name: 'silent', durationMs: 5, isError: true }])
    await postSpans(collector.otlpHttp, [{ name: 'told', durationMs: 5, isError: true }], { [key]: 'there' })
    await until('both have come', () => sink.spans.length === 2)
    const told = Object.fromEntries(sink.spans.map(({ name, resource }) => [name, resource[key]]))
    expect(told).toEqual({ silent: 'here', told: 'there' })
  })

  test('sends a counter to Prometheus and the backend with the labels of the sender only', async () => {
    await using sink = await startOtlpSink()
    await using collector = await startCollector({ ...quick, ...toSink(sink.url) })
    const attributes = { 'proxy.worker.name': 'edge', 'proxy.type': 'reverse' }
    await postCounters(collector.otlpHttp, [
      { name: 'proxy.network.io', unit: 'By', value: 1234, attributes },
      { name: 'proxy.connections.accepted', unit: '{connection}', value: 7, attributes },
    ])
    await until('it is exported', async () => (await collector.metrics()).includes('proxy_'))
    const samples = samplesOf(await collector.metrics()).filter(({ name }) => name.startsWith('proxy_'))
    const labels = { job: 'maker', instance: 'one', proxy_worker_name: 'edge', proxy_type: 'reverse' }
    expect(samples).toEqual([
      { name: 'proxy_connections_accepted_total', labels, value: 7 },
      { name: 'proxy_network_io_bytes_total', labels, value: 1234 },
    ])
    await until('the backend has it', () => sink.points.some(({ metric }) => metric === 'proxy.network.io'))
    expect(sink.points.find(({ metric }) => metric === 'proxy.network.io')).toMatchObject({
      value: 1234,
      attributes,
    })
  })

  test('sends nothing without a backend, and reports no problem', async () => {
    await using collector = await startCollector({ ...quick, KEEP_PERCENT: '100' })
    await postSpans(collector.otlpHttp, [{ name: 'plain', durationMs: 5 }])
    await until('the batch is logged', () => collector.log.includes('"spans": 1'))
    expect(collector.log.split('\n').filter((line) => /\t(warn|error)\t/.test(line))).toEqual([])
    expect(await collector.health()).toBe(200)
    expect(sumOf(samplesOf(await collector.self()), 'otelcol_receiver_accepted_spans')).toBe(1)
  })

  test('accepts exports while its backend is unreachable, and reports it', async () => {
    const env = { BACKEND_GRPC: 'http://127.0.0.1:9', LOGS_TO: '[otlp_grpc]', TRACES_TO: '[otlp_grpc]' }
    await using collector = await startCollector({ ...quick, ...env, KEEP_PERCENT: '100' })
    await postSpans(collector.otlpHttp, [{ name: 'plain', durationMs: 5 }])
    await until('it has tried', () => collector.log.includes('Exporting failed. Will retry'))
    await postSpans(collector.otlpHttp, [{ name: 'plain', durationMs: 5 }])
    expect(await collector.health()).toBe(200)
  })
})
