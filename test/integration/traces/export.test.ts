import { expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin, unusedPort } from '../../kit/origins/origin.ts'
import { startOtlpReceiver, waitForItem } from '../../kit/telemetry/otlp-receiver.ts'
import { sampled, spanId, traceId } from '../../kit/telemetry/tracer.ts'

/** From a request to an independent OTLP receiver. */

const config = (target: string, endpoint: string) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  workers: { reverse_proxy: { target } },
  telemetry: { endpoint, compression: 'none', metrics: { enabled: false }, logs: { enabled: true } },
})

test("the spans of an exchange arrive as parts of its client's trace", async () => {
  await using origin = await startOrigin()
  const receiver = await startOtlpReceiver()
  await using daemon = await startTestDaemon(config(`http://${origin.authority}`, receiver.httpUrl))
  using client = await RawClient.connect(daemon.port('reverse_proxy'))
  await client.get('/a', `traceparent: ${sampled}`)
  const server = await waitForItem('the SERVER span', receiver.spans, (span) => span.name === 'GET /')
  const upstream = await waitForItem('the CLIENT span', receiver.spans, (span) => span.name === 'GET')
  expect(server).toMatchObject({
    traceId,
    parentSpanId: spanId,
    attributes: { 'url.path': '/a', 'http.response.status_code': 200, 'proxy.worker.name': 'reverse_proxy' },
  })
  expect(upstream).toMatchObject({ traceId, parentSpanId: server.spanId })
})

test('the log record of a failed exchange is part of its trace', async () => {
  const receiver = await startOtlpReceiver()
  await using daemon = await startTestDaemon(
    config(`http://127.0.0.1:${await unusedPort()}`, receiver.httpUrl),
  )
  using client = await RawClient.connect(daemon.port('reverse_proxy'))
  await client.get('/', `traceparent: ${sampled}`)
  const line = await waitForItem('the line', receiver.logs, (log) => log.body === 'exchange failed')
  const server = await waitForItem('the SERVER span', receiver.spans, (span) => span.name === 'GET /')
  expect(line.traceId).toBe(traceId)
  expect(Buffer.from(line.raw.spanId).toString('hex')).toBe(server.spanId)
})
