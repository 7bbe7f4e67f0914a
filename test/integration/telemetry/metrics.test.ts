import { expect, onTestFinished, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startBadCollector } from '../../kit/collector/bad-collector.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { type ReceivedPoint, startOtlpReceiver } from '../../kit/telemetry/otlp-receiver.ts'
import { until } from '../../kit/waiting/until.ts'

/** Metrics of a daemon with real traffic, at an independent receiver. */

let started = 0

const reverse = (authority: string, telemetry: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  workers: { reverse_proxy: { target: `http://${authority}` } },
  telemetry,
})

/** The last value of each series. */
function latest(points: readonly ReceivedPoint[], service: string, name: string): readonly ReceivedPoint[] {
  const own = points.filter((point) => point.resource['service.name'] === service && point.name === name)
  return [...new Map(own.map((point) => [JSON.stringify(point.attributes), point])).values()]
}

test.each(['http/protobuf', 'grpc'] as const)(
  'the last export over %s has every exchange',
  async (protocol) => {
    const receiver = await startOtlpReceiver(['http', 'grpc'])
    await using origin = await startOrigin((req, res) => {
      res.statusCode = req.url === '/gone' ? 404 : 200
      res.end('hello')
    })
    started += 1
    const service = `metrics-${started}`
    const endpoint = protocol === 'grpc' ? receiver.grpcUrl : receiver.httpUrl
    const running = await startTestDaemon(
      // The default interval does not elapse within the test.
      reverse(origin.authority, { endpoint, protocol, resource: { 'service.name': service } }),
    )
    using client = await RawClient.connect(running.port('reverse_proxy'))
    for (let at = 0; at < 30; at += 1) await client.get(at % 3 === 0 ? '/gone' : '/')
    running.daemon.stop()
    await running.daemon.stopped
    const of = (name: string) => latest(receiver.points, service, name)
    await until('the durations are there', () => of('http.server.request.duration').length > 0)
    const counts = of('http.server.request.duration').map(({ unit, attributes, raw }) => ({
      unit,
      status: attributes['http.response.status_code'],
      worker: attributes['proxy.worker.name'],
      route: attributes['http.route'],
      count: Number(raw.count),
    }))
    const common = { unit: 's', worker: 'reverse_proxy', route: '/' }
    expect(counts).toEqual(
      expect.arrayContaining([
        { ...common, status: 200, count: 20 },
        { ...common, status: 404, count: 10 },
      ]),
    )
    expect(of('http.server.request.duration')[0]?.resource).toMatchObject({
      'service.name': service,
      'service.instance.id': expect.stringMatching(/^[\da-f-]{36}$/),
    })
    const dropped = of('proxy.telemetry.dropped').map(({ raw }) => Number(raw.asInt ?? raw.asDouble))
    expect(dropped).toEqual([0, 0, 0])
  },
)

test('metrics are exported at their interval and show the losses of another signal', async () => {
  const receiver = await startOtlpReceiver()
  const bad = await startBadCollector('refuses')
  process.env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT'] = `${receiver.httpUrl}v1/metrics`.replace('//v1', '/v1')
  process.env['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT'] = `${bad.url}/v1/logs`
  process.env['OTEL_TRACES_EXPORTER'] = 'none'
  onTestFinished(() => {
    delete process.env['OTEL_EXPORTER_OTLP_METRICS_ENDPOINT']
    delete process.env['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT']
    delete process.env['OTEL_TRACES_EXPORTER']
  })
  await using origin = await startOrigin()
  started += 1
  const service = `metrics-${started}`
  const telemetry = { metrics: { interval_secs: 0.2 }, resource: { 'service.name': service } }
  await using running = await startTestDaemon(reverse(origin.authority, telemetry))
  await until('the loss is shown', () =>
    latest(receiver.points, service, 'proxy.telemetry.dropped').some(
      ({ attributes, raw }) => attributes['proxy.signal'] === 'logs' && Number(raw.asInt ?? raw.asDouble) > 0,
    ),
  )
  expect(running.log.some((line) => line.startsWith('warn telemetry is not exported'))).toBe(true)
})
