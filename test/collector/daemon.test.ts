import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Collector, startCollector } from '../kit/collector/collector.ts'
import { type ChildDaemon, startChildDaemon } from '../kit/daemons/child-daemon.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { type OtlpSink, startOtlpSink } from '../kit/telemetry/otlp-sink.ts'
import { type Sample, samplesOf, sumOf } from '../kit/telemetry/prometheus-text.ts'
import { until } from '../kit/waiting/until.ts'
import { expectCounted, requests } from './counted.ts'
import { describeCollector } from './suite.ts'
import { answer, configOf, drive, metricsOf, portsOf, slowMs, type Traffic, types } from './traffic.ts'

const telemetryTo = (endpoint: string) => ({
  endpoint,
  metrics: { interval_secs: 1 },
  logs: { enabled: true, level: 'debug', access_log: true },
  resource: { 'deployment.environment.name': 'test' },
})

// Names in only one of the two outputs: the seed's lines, those of the parity table, and the Collector's own
// metrics.
const elsewhere = /^(?:worker_|bifrost_|traces_span_metrics_|target_info)/
const typeLine = /^# TYPE (\S+) (\S+)$/gm
// Labels that come from the scrape in one output and from the resource in the other.
const ofTheScrape = ['job', 'instance']

/** Every name with its type, and every name with each of its label sets. */
function shapesOf(text: string): readonly string[] {
  const labelsOf = ({ labels }: Sample) => Object.keys(labels).filter((label) => !ofTheScrape.includes(label))
  const shapes = samplesOf(text).map((sample) => `${sample.name} {${labelsOf(sample).sort()}}`)
  const types = [...text.matchAll(typeLine)].map(([, name, type]) => `${name} ${type}`)
  return [...new Set([...shapes, ...types])].filter((shape) => !elsewhere.test(shape)).sort()
}

describeCollector('a daemon, the Collector and its backend', () => {
  const stack = new AsyncDisposableStack()
  let sink: OtlpSink
  let collector: Collector
  let daemon: ChildDaemon
  let traffic: Traffic

  beforeAll(async () => {
    const origin = stack.use(await startOrigin(answer))
    sink = stack.use(await startOtlpSink())
    collector = stack.use(
      await startCollector({
        TAIL_WAIT: '2s',
        SPAN_METRICS_FLUSH: '500ms',
        KEEP_PERCENT: '0',
        BACKEND_HTTP: sink.url,
        BACKEND_ENCODING: 'json',
        BACKEND_COMPRESSION: 'none',
        TRACES_TO: '[otlp_http]',
        LOGS_TO: '[otlp_http]',
        METRICS_TO: '[prometheus, otlp_http]',
      }),
    )
    const config = { ...configOf(origin.authority), telemetry: telemetryTo(collector.otlpHttp) }
    daemon = stack.use(await startChildDaemon(config, 4_096))
    traffic = await drive(portsOf(daemon), origin.authority)
    const counted = async () =>
      sumOf(samplesOf(await collector.metrics()), requests) === traffic.exchanges.length
    await until('the Collector has the metrics of all exchanges', counted)
  })
  afterAll(() => stack.disposeAsync())

  test('metrics equal the counts of the clients, at the daemon and behind the Collector', async () => {
    expectCounted(samplesOf(await metricsOf(daemon)), traffic)
    expectCounted(samplesOf(await collector.metrics()), traffic)
  })

  test('metrics have the same names, types and labels at the daemon and behind the Collector', async () => {
    await until('they agree', async () => {
      const [here, there] = [shapesOf(await metricsOf(daemon)), shapesOf(await collector.metrics())]
      return JSON.stringify(here) === JSON.stringify(there)
    }).catch(() => {})
    const shapes = shapesOf(await metricsOf(daemon))
    expect(shapes.length).toBeGreaterThan(100)
    expect(shapesOf(await collector.metrics())).toEqual(shapes)
  })

  test('metrics reach the backend with equal values, from a single resource', async () => {
    const total = () =>
      sink.points
        .filter(({ metric }) => metric === 'http.server.request.duration')
        .reduce((sum, { value }) => sum + value, 0)
    await until('they have come', () => total() === traffic.exchanges.length)
    const resources = new Set(
      sink.points
        .filter(({ metric }) => metric.startsWith('proxy.'))
        .map(
          ({ resource }) => `${resource['deployment.environment.name']} ${resource['service.instance.id']}`,
        ),
    )
    expect(resources.size).toBe(1)
    expect([...resources][0]).toMatch(/^test \S{36}$/)
  })

  test('span metrics equal the counts of the clients when every request is sampled', async () => {
    const calls = async (type: string) =>
      sumOf(samplesOf(await collector.metrics()), 'traces_span_metrics_calls_total', {
        proxy_type: type,
        span_kind: 'SPAN_KIND_SERVER',
      })
    for (const type of types) {
      const asked = traffic.exchanges.filter((one) => one.type === type).length
      await until(`all of ${type} are counted`, async () => (await calls(type)) === asked)
    }
  })

  test('traces that failed or were slow are kept whole; plain ones are dropped', async () => {
    const servers = () => sink.spans.filter(({ kind }) => kind === 2)
    const at = (path: string) => servers().filter(({ attributes }) => attributes['url.path'] === path)
    await until('they have come', () => at('/broken').length > 0 && at('/slow').length > 0)
    for (const path of ['/broken', '/slow']) {
      const [server] = at(path)
      const children = sink.spans.filter(({ parentSpanId }) => parentSpanId === server?.spanId)
      expect(children.length).toBeGreaterThan(0)
      for (const child of children) expect([child.kind, child.traceId]).toEqual([3, server?.traceId])
    }
    expect(at('/broken')[0]).toMatchObject({ status: 2, attributes: { 'http.response.status_code': 502 } })
    expect(at('/slow')[0]?.status).toBe(0)
    expect(at('/slow')[0]?.durationMs).toBeGreaterThan(slowMs - 10)
    expect(at('/hello')).toEqual([])
  })

  test('logs contain each exchange with its kept trace, and the moves of the charts', async () => {
    const exchanges = () => sink.logs.filter(({ attributes }) => 'http.response.status_code' in attributes)
    await until('they have come', () => exchanges().length >= traffic.exchanges.length)
    expect(exchanges()).toHaveLength(traffic.exchanges.length)
    expect(exchanges().filter(({ traceId }) => !/^[0-9a-f]{32}$/.test(traceId))).toEqual([])
    const broken = sink.spans.find(
      ({ kind, attributes }) => kind === 2 && attributes['url.path'] === '/broken',
    )
    const record = exchanges().find(({ attributes }) => attributes['url.path'] === '/broken')
    expect(record?.traceId).toBe(broken?.traceId)
    const moves = sink.logs.filter(({ attributes }) => 'proxy.actor.state' in attributes)
    expect(moves.map(({ attributes }) => attributes['proxy.worker.name'])).toContain('reverse_proxy')
  })

  test('exports work over gRPC and compressed, too', async () => {
    await using origin = await startOrigin(answer)
    const telemetry = {
      ...telemetryTo(collector.otlpGrpc),
      protocol: 'grpc',
      compression: 'gzip',
      resource: { 'deployment.environment.name': 'grpc' },
    }
    await using other = await startChildDaemon({ ...configOf(origin.authority), telemetry }, 4_096)
    const { exchanges } = await drive(portsOf(other), origin.authority)
    const isOurs = ({ resource }: { readonly resource: Readonly<Record<string, unknown>> }) =>
      resource['deployment.environment.name'] === 'grpc'
    const counted = () =>
      sink.points.filter((point) => isOurs(point) && point.metric === 'http.server.request.duration')
    const sum = () => counted().reduce((total, { value }) => total + value, 0)
    await until('the metrics have come', () => sum() === exchanges.length)
    const broken = () =>
      sink.spans.filter((span) => isOurs(span) && span.attributes['url.path'] === '/broken')
    await until('the trace has come', () => broken().length === 1)
    const logged = () =>
      sink.logs.filter((log) => isOurs(log) && 'http.response.status_code' in log.attributes)
    await until('the logs have come', () => logged().length === exchanges.length)
  })

  test('traffic continues while the Collector is down; it gets the full count afterwards', async () => {
    await using origin = await startOrigin(answer)
    await using first = await startCollector()
    const config = { ...configOf(origin.authority), telemetry: telemetryTo(first.otlpHttp) }
    await using other = await startChildDaemon(config, 4_096)
    const before = await drive(portsOf(other), origin.authority)
    await until('it has come', async () => (await first.metrics()).includes(requests))
    await first[Symbol.asyncDispose]()
    const meanwhile = await drive(portsOf(other), origin.authority)
    expect(meanwhile.exchanges.map(({ status }) => status)).toEqual(
      before.exchanges.map(({ status }) => status),
    )
    await using second = await startCollector({ OTLP_HTTP_LISTEN: new URL(first.otlpHttp).host })
    const total = before.exchanges.length + meanwhile.exchanges.length
    await until(
      'all are counted',
      async () => sumOf(samplesOf(await second.metrics()), requests) === total,
      60_000,
    )
  })
})
