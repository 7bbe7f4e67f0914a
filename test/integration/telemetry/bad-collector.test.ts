import { connect, createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startTelemetry } from '../../../src/telemetry/export/export.ts'
import type { Telemetry } from '../../../src/telemetry/export/telemetry.ts'
import type { LogRecord } from '../../../src/telemetry/log/log-record.ts'
import type { SpanRecord } from '../../../src/telemetry/trace/span-record.ts'
import { type Mood, startBadCollector } from '../../kit/collector/bad-collector.ts'
import { startOtlpReceiver, waitForItem } from '../../kit/telemetry/otlp-receiver.ts'
import { settingsOf } from '../../kit/telemetry/telemetry-settings.ts'
import { until } from '../../kit/waiting/until.ts'

/**
 * Spans and log records when the Collector fails: bounded, counted, logged once, and exported again after it
 * recovers.
 */

const record: LogRecord = {
  atMs: Date.now(),
  level: 'info',
  message: 'line',
  attributes: {},
  event: null,
  traceId: null,
  spanId: null,
}

const span: SpanRecord = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: null,
  isParentRemote: false,
  traceState: null,
  kind: 'server',
  name: 'GET',
  startMs: Date.now(),
  endMs: Date.now(),
  status: 'unset',
  attributes: {},
  events: [],
  links: [],
}

interface Started {
  readonly telemetry: Telemetry
  readonly log: string[]
}

async function start(
  endpoint: string,
  config: Record<string, unknown> = {},
  env: Record<string, string> = {},
): Promise<Started> {
  const log: string[] = []
  const block = {
    endpoint,
    timeout_secs: 0.4,
    metrics: { enabled: false },
    logs: { enabled: true },
    ...config,
  }
  const queues = {
    OTEL_BLRP_SCHEDULE_DELAY: '20',
    OTEL_BSP_SCHEDULE_DELAY: '20',
    OTEL_BLRP_MAX_QUEUE_SIZE: '100',
    OTEL_BSP_MAX_QUEUE_SIZE: '100',
    OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: '50',
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '50',
  }
  const telemetry = await startTelemetry(settingsOf(block, { ...queues, ...env }), {
    log: (level, message, fields) => log.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
  })
  onTestFinished(() => telemetry.close(0))
  return { telemetry, log }
}

const isTrouble = (line: string) => line.startsWith('warn telemetry is not exported')

describe.each([
  ['throttles', 'the Collector answered 429, 502, 503 or 504'],
  ['unavailable', 'the Collector answered 429, 502, 503 or 504'],
  ['refuses', 'HTTP 401 Unauthorized'],
  ['hangs', 'Request timed out'],
  ['drips', 'no complete response within 400 ms'],
  ['resets', /ECONNRESET|socket hang up/],
] as const)('a Collector that %s', (mood: Mood, reason) => {
  test('loses the data sent to it, is logged once, and receives later data after it recovers', async () => {
    const collector = await startBadCollector(mood)
    const { telemetry, log } = await start(collector.url)
    for (let at = 0; at < 10; at += 1) telemetry.emitLog(record)
    await until('the loss is counted', () => telemetry.drops().logs === 10)
    telemetry.emitLog(record)
    await until('one more', () => telemetry.drops().logs === 11)
    expect(log.filter(isTrouble)).toHaveLength(1)
    expect(JSON.parse(log[0]?.replace(/^.*? \{/, '{') ?? '')).toEqual({
      signal: 'logs',
      endpoint: `${collector.url}/v1/logs`,
      reason: typeof reason === 'string' ? reason : expect.stringMatching(reason),
      dropped: 10,
    })
    collector.mood = 'ok'
    await until('it is told that it works', () => {
      telemetry.emitLog(record)
      return log.some((line) => line.startsWith('info telemetry is exported again'))
    })
    expect(collector.taken).toBeGreaterThan(0)
    // Abandoned connections are closed.
    expect(collector.open).toBeLessThanOrEqual(1)
  })
})

test('an export to a Collector that throttles is repeated after the requested time', async () => {
  const collector = await startBadCollector('throttles')
  const { telemetry } = await start(collector.url, { timeout_secs: 5 })
  telemetry.emitLog(record)
  await until('it was asked', () => collector.asked === 1)
  collector.mood = 'ok'
  await until('it was asked again', () => collector.taken === 1)
  const [first = 0, second = 0] = collector.askedAt
  expect(second - first).toBeGreaterThan(950)
  expect(telemetry.drops().logs).toBe(0)
})

test('a slow Collector receives every item while the queue has room', async () => {
  const collector = await startBadCollector('slow')
  const { telemetry, log } = await start(collector.url, { timeout_secs: 5 })
  for (let at = 0; at < 100; at += 1) telemetry.emitLog(record)
  await until('both batches were taken', () => collector.taken === 2)
  expect(telemetry.drops()).toEqual({ spans: 0, metrics: 0, logs: 0 })
  expect(log).toEqual([])
})

test('a Collector that is down is logged with the error of the system', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as { readonly port: number }
  await new Promise((resolve) => taken.close(resolve))
  const { telemetry, log } = await start(`http://127.0.0.1:${port}`)
  telemetry.emitLog(record)
  await until('it is told', () => log.length > 0)
  expect(log[0]).toContain(`"reason":"connect ECONNREFUSED 127.0.0.1:${port}"`)
})

test('over gRPC, a Collector that is down is logged, and receives later data after it starts', async () => {
  const front = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => front.once('listening', resolve))
  const { port } = front.address() as { readonly port: number }
  await new Promise((resolve) => front.close(resolve))
  const { telemetry, log } = await start(`http://127.0.0.1:${port}`, { protocol: 'grpc' })
  telemetry.emitLog(record)
  await until('the loss is counted', () => telemetry.drops().logs === 1)
  expect(log[0]).toMatch(/^warn telemetry is not exported .*"reason":"gRPC .*ECONNREFUSED/)
  const receiver = await startOtlpReceiver(['grpc'])
  const relay = createServer((socket) => {
    const inner = connect(Number(new URL(receiver.grpcUrl).port), '127.0.0.1')
    socket.on('error', () => inner.destroy())
    inner.on('error', () => socket.destroy())
    socket.pipe(inner).pipe(socket)
    onTestFinished(() => {
      socket.destroy()
      inner.destroy()
    })
  }).listen(port, '127.0.0.1')
  onTestFinished(() => void relay.close())
  await until('it is told that it works', () => {
    telemetry.emitLog({ ...record, message: 'later' })
    return log.some((line) => line.startsWith('info telemetry is exported again'))
  })
  await waitForItem('a later line', receiver.logs, ({ body }) => body === 'later')
})

describe('memory', () => {
  test('is bounded by the queues: items without room are dropped at once and counted', async () => {
    const collector = await startBadCollector('hangs')
    const { telemetry } = await start(collector.url, { timeout_secs: 60 })
    for (let at = 0; at < 10_000; at += 1) {
      telemetry.emitLog(record)
      telemetry.exportSpans([span])
    }
    const { logs, spans } = telemetry.drops()
    // 100 are waiting; another 50 spans are being exported.
    expect(logs).toBeGreaterThanOrEqual(10_000 - 150)
    expect(spans).toBeGreaterThanOrEqual(10_000 - 2_000)
    await until('they are under way', () => collector.asked === 2)
    for (let at = 0; at < 1_000; at += 1) telemetry.emitLog(record)
    expect(telemetry.drops().logs - logs).toBeGreaterThanOrEqual(950)
  })

  test('does not hold more spans per second than the limit', async () => {
    const collector = await startBadCollector('ok')
    const traces = { max_spans_per_sec: 10 }
    const { telemetry } = await start(collector.url, { traces }, { OTEL_BSP_MAX_QUEUE_SIZE: '5000' })
    telemetry.exportSpans(Array.from({ length: 1_000 }, () => span))
    expect(telemetry.drops().spans).toBeGreaterThanOrEqual(980)
    await telemetry.flush(5_000)
    expect(collector.taken).toBe(1)
  })
})

describe('closing', () => {
  test.each(['hangs', 'drips', 'throttles', 'unavailable'] as const)(
    'is not delayed by a Collector that %s',
    async (mood) => {
      const collector = await startBadCollector(mood)
      const { telemetry } = await start(collector.url, { timeout_secs: 30 })
      telemetry.emitLog(record)
      telemetry.exportSpans([span])
      const startedAt = performance.now()
      await telemetry.close(200)
      expect(performance.now() - startedAt).toBeLessThan(1_000)
      await until('its connections are closed', () => collector.open === 0)
    },
  )

  test('sends the waiting items', async () => {
    const collector = await startBadCollector('slow')
    const { telemetry } = await start(collector.url, {}, { OTEL_BLRP_SCHEDULE_DELAY: '60000' })
    telemetry.emitLog(record)
    await telemetry.close(5_000)
    expect(collector.taken).toBe(1)
    expect(telemetry.drops().logs).toBe(0)
  })

  test('is immediate when it is requested again with no time left', async () => {
    const collector = await startBadCollector('hangs')
    const { telemetry } = await start(collector.url, { timeout_secs: 30 })
    telemetry.emitLog(record)
    const startedAt = performance.now()
    const closed = telemetry.close(30_000)
    await telemetry.close(0)
    await closed
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })

  test('counts the items that could not be sent', async () => {
    const collector = await startBadCollector('hangs')
    const { telemetry } = await start(collector.url, { timeout_secs: 30 })
    for (let at = 0; at < 5; at += 1) telemetry.emitLog(record)
    await telemetry.close(100)
    await until('they are counted', () => telemetry.drops().logs === 5)
  })
})

test('every export has the configured header fields', async () => {
  const collector = await startBadCollector('ok')
  const headers = { 'X-Api-Key': 'k1' }
  const { telemetry } = await start(collector.url, { headers })
  telemetry.emitLog(record)
  await telemetry.flush(5_000)
  expect(collector.headers[0]).toMatchObject({ 'x-api-key': 'k1', 'content-type': 'application/x-protobuf' })
})

test('exports are compressed if the configuration requests it', async () => {
  const collector = await startBadCollector('ok')
  const { telemetry } = await start(collector.url, { compression: 'gzip' })
  telemetry.emitLog(record)
  await telemetry.flush(5_000)
  expect(collector.headers[0]).toMatchObject({ 'content-encoding': 'gzip' })
})

test('a missing certificate file prevents the start and is logged', async () => {
  const log: string[] = []
  const settings = settingsOf({ endpoint: 'https://127.0.0.1:1' })
  if (settings?.traces == null) throw new Error('no traces')
  const tls = { caFile: '/no/such.pem', certFile: null, keyFile: null }
  const traces = { ...settings.traces, exporter: { ...settings.traces.exporter, tls } }
  const telemetry = await startTelemetry(
    { ...settings, traces, metrics: null },
    { log: (level, message, fields) => log.push(`${level} ${message} ${fields?.['reason']}`) },
  )
  telemetry.exportSpans([span])
  expect(log).toEqual([expect.stringMatching(/^error telemetry could not start; nothing is exported ENOENT/)])
})
