import { describe, expect, test } from 'vitest'
import type { ExportSpans } from '../../../src/telemetry/trace/span-record.ts'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { startOtlpReceiver } from '../../kit/telemetry/otlp-receiver.ts'
import { until } from '../../kit/waiting/until.ts'

/** Spans from the exchange to an independent receiver, and the log record of the same exchange. */

const traceId = '0af7651916cd43dd8448eb211c80319c'
const parentId = 'b7ad6b7169203331'

describe.each([
  ['thread', 'http/protobuf'],
  ['process', 'grpc'],
  ['shared', 'http/protobuf'],
] as const)('spans (%s, %s)', (isolation, protocol) => {
  const start = async (authority: string, telemetry: object, tracing: object, exportSpans?: ExportSpans) => {
    const config = {
      mode: 'Reverse',
      listen_addr: '127.0.0.1:0',
      workers: { reverse_proxy: { target: `http://${authority}`, tracing } },
      telemetry,
    }
    return await startTestDaemon(config, {
      isolation,
      allowFaults: true,
      ...(exportSpans && { exportSpans }),
    })
  }

  test('all arrive, with the trace of the client and the ids of the log record', async () => {
    const receiver = await startOtlpReceiver(['http', 'grpc'])
    await using origin = await startOrigin()
    const name = `spans ${isolation}`
    const endpoint = protocol === 'grpc' ? receiver.grpcUrl : receiver.httpUrl
    const resource = { 'service.name': name }
    const logs = { enabled: true, access_log: true }
    await using running = await start(origin.authority, { endpoint, protocol, resource, logs }, {})
    using client = await RawClient.connect(running.port('reverse_proxy'))
    const count = 100
    for (let at = 0; at < count; at += 1) {
      const flags = at % 2 === 0 ? '01' : '00'
      await client.get('/', `traceparent: 00-${traceId}-${parentId}-${flags}`)
    }
    running.daemon.stop()
    await running.daemon.stopped
    const own = () => receiver.spans.filter((span) => span.resource['service.name'] === name)
    await until('the spans are there', () => own().length >= count)
    expect(own()).toHaveLength(count)
    const servers = own().filter(({ attributes }) => attributes['http.route'] === '/')
    expect(servers).toHaveLength(count / 2)
    for (const server of servers) {
      expect(server).toMatchObject({ traceId, parentSpanId: parentId, name: 'GET /' })
      expect(own().filter(({ parentSpanId }) => parentSpanId === server.spanId)).toHaveLength(1)
    }
    expect(new Set(own().map(({ spanId }) => spanId)).size).toBe(count)
    const records = () => receiver.logs.filter((record) => record.resource['service.name'] === name)
    await until(
      'the records are there',
      () => records().filter(({ traceId: id }) => id === traceId).length === count,
    )
    const sampled = records().filter(({ raw }) => Number(raw.flags) === 1)
    expect(new Set(sampled.map(({ spanId }) => spanId))).toEqual(new Set(servers.map(({ spanId }) => spanId)))
  })

  // A shared instance runs in main and ends with it.
  if (isolation === 'shared') return
  test('of a crashed instance arrive if it had posted them', async () => {
    const receiver = await startOtlpReceiver(['http', 'grpc'])
    await using origin = await startOrigin()
    const name = `crash ${isolation}`
    const endpoint = protocol === 'grpc' ? receiver.grpcUrl : receiver.httpUrl
    const telemetry = { endpoint, protocol, resource: { 'service.name': name } }
    let inMain = 0
    await using running = await start(origin.authority, telemetry, { sample_ratio: 1 }, (spans) => {
      inMain += spans.length
    })
    using client = await RawClient.connect(running.port('reverse_proxy'))
    // The batch size is 64.
    for (let at = 0; at < 64; at += 1) await client.get('/')
    await until('main has them', () => inMain === 128)
    running.daemon.inject('reverse_proxy', 'kill')
    await until('there is another', () => running.stateOf('reverse_proxy#2') === 'running.alive')
    running.daemon.stop()
    await running.daemon.stopped
    const own = () => receiver.spans.filter((span) => span.resource['service.name'] === name)
    await until('they are there', () => own().length >= 128)
    expect(own().every(({ attributes }) => attributes['proxy.instance'] === 'reverse_proxy#1')).toBe(true)
  })
})
