import { diag } from '@opentelemetry/api'
import { describe, expect, onTestFinished, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startChildDaemon } from '../../kit/daemons/child-daemon.ts'
import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { startOtlpReceiver, waitForItem } from '../../kit/telemetry/otlp-receiver.ts'
import { until } from '../../kit/waiting/until.ts'

/** The telemetry of a daemon with real traffic, at an independent receiver. */

const reverse = (target: string, telemetry: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  workers: { reverse_proxy: { target } },
  telemetry,
})

let started = 0

/** Uses a unique service name: all receivers of a process see the data sent to any of them. */
async function start(
  target: string,
  endpoint: string,
  changes: Record<string, unknown> = {},
  options: object = {},
): Promise<{ readonly running: TestDaemon; readonly name: string }> {
  started += 1
  const name = `daemon-${started}`
  const telemetry = { endpoint, resource: { 'service.name': name }, ...changes }
  const running = await startTestDaemon(reverse(target, telemetry), options)
  onTestFinished(() => running[Symbol.asyncDispose]())
  return { running, name }
}

async function get(port: number, count: number, ...fields: readonly string[]): Promise<number[]> {
  using client = await RawClient.connect(port)
  const statuses: number[] = []
  for (let at = 0; at < count; at += 1) statuses.push((await client.get(`/${at}?q=1`, ...fields)).status)
  return statuses
}

describe('chart transitions', () => {
  test('are log records with worker, actor, from, to and event, whatever the level', async () => {
    const receiver = await startOtlpReceiver()
    await using origin = await startOrigin()
    const logs = { enabled: true, level: 'error' }
    const { running, name } = await start(`http://${origin.authority}`, receiver.httpUrl, { logs })
    running.daemon.stop()
    await running.daemon.stopped
    const own = () => receiver.logs.filter(({ resource }) => resource['service.name'] === name)
    const alive = await waitForItem(
      'the instance is alive',
      receiver.logs,
      ({ resource, attributes }) =>
        resource['service.name'] === name &&
        attributes['proxy.actor'] === 'reverse_proxy#1' &&
        attributes['proxy.actor.state'] === 'running.alive',
    )
    expect(alive.attributes).toMatchObject({
      'proxy.worker.name': 'reverse_proxy',
      'proxy.actor.state.from': 'running.starting',
      'proxy.actor.event': 'thread.ready',
    })
    const actors = new Set(own().map(({ attributes }) => attributes['proxy.actor']))
    expect(actors).toContain('daemon')
    expect(actors).toContain('supervisor:reverse_proxy')
    expect(actors).toContain('listener:reverse_proxy/0/0')
    expect(actors).toContain('reverse_proxy#1/reverse')
    // The last record is made as the daemon ends.
    expect(own().some(({ body }) => body === 'daemon is stopped')).toBe(true)
    expect(own().some(({ body }) => body === 'instance ended')).toBe(false)
  })
})

test('messages of the SDK are log lines but not exported, or each export would cause the next', async () => {
  process.env['OTEL_LOG_LEVEL'] = 'debug'
  onTestFinished(() => {
    delete process.env['OTEL_LOG_LEVEL']
    diag.disable()
  })
  const receiver = await startOtlpReceiver()
  await using origin = await startOrigin()
  const { running, name } = await start(`http://${origin.authority}`, receiver.httpUrl, {
    logs: { enabled: true, level: 'debug' },
  })
  // The messages of its start precede the first export.
  await until('the SDK has said something of an export', () =>
    running.log.some((line) => /^debug OpenTelemetry: .*items to be sent/.test(line)),
  )
  running.daemon.stop()
  await running.daemon.stopped
  const own = receiver.logs.filter(({ resource }) => resource['service.name'] === name)
  expect(own.some(({ body }) => body === 'daemon is stopped')).toBe(true)
  expect(own.filter(({ body }) => String(body).startsWith('OpenTelemetry: '))).toEqual([])
})

describe.each(['thread', 'process', 'shared'] as const)('exchanges (%s)', (isolation) => {
  test('are all log records with the trace of the client if the access log is exported', async () => {
    const receiver = await startOtlpReceiver()
    await using origin = await startOrigin()
    const logs = { enabled: true, access_log: true }
    const { running, name } = await start(
      `http://${origin.authority}`,
      receiver.httpUrl,
      { logs },
      { isolation },
    )
    const trace = '0af7651916cd43dd8448eb211c80319c'
    const parent = `traceparent: 00-${trace}-b7ad6b7169203331-01`
    expect(await get(running.port('reverse_proxy'), 100, parent)).toEqual(Array(100).fill(200))
    running.daemon.stop()
    await running.daemon.stopped
    const own = () =>
      receiver.logs.filter(
        ({ resource, attributes }) =>
          resource['service.name'] === name && attributes['http.request.method'] === 'GET',
      )
    await until('all are there', () => own().length === 100)
    expect(own()[7]).toMatchObject({
      severity: 'INFO',
      traceId: trace,
      attributes: {
        'proxy.worker.name': 'reverse_proxy',
        'proxy.instance': 'reverse_proxy#1',
        'proxy.type': 'reverse',
        'http.response.status_code': 200,
        'url.path': '/7',
        'url.query': 'q=1',
        'client.address': '127.0.0.1',
        'proxy.upstream': `http://${origin.authority}`,
      },
    })
  })
})

test('a tunnel that lasts as long as the drain is exported within its deadline', async () => {
  const receiver = await startOtlpReceiver()
  await using origin = await startOrigin()
  started += 1
  const name = `daemon-${started}`
  const running = await startTestDaemon({
    mode: 'Forward',
    listen_addr: '127.0.0.1:0',
    drain_timeout_secs: 4,
    telemetry: {
      endpoint: receiver.httpUrl,
      resource: { 'service.name': name },
      logs: { enabled: true, access_log: true },
    },
  })
  using tunnel = await RawClient.connect(running.port('forward_proxy'))
  tunnel.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
  await tunnel.responseHead()
  const startedAt = performance.now()
  running.daemon.stop()
  await running.daemon.stopped
  const tookMs = performance.now() - startedAt
  expect(tookMs).toBeGreaterThan(2_900)
  expect(tookMs).toBeLessThan(4_500)
  const found = await waitForItem(
    'the tunnel',
    receiver.logs,
    ({ resource, attributes }) =>
      resource['service.name'] === name && attributes['http.request.method'] === 'CONNECT',
  )
  expect(found).toMatchObject({ severity: 'WARN', attributes: { 'proxy.tunnel_end': 'stopped' } })
})

test('exchanges are not log records unless the access log is exported', async () => {
  const receiver = await startOtlpReceiver()
  await using origin = await startOrigin()
  const { running, name } = await start(`http://${origin.authority}`, receiver.httpUrl, {
    logs: { enabled: true },
  })
  await get(running.port('reverse_proxy'), 5)
  running.daemon.stop()
  await running.daemon.stopped
  const own = receiver.logs.filter(({ resource }) => resource['service.name'] === name)
  expect(own.length).toBeGreaterThan(0)
  expect(own.some(({ attributes }) => 'http.request.method' in attributes)).toBe(false)
})

describe('the log of failed exchanges', () => {
  test('has at most ten lines in ten seconds, and the number of the others', async () => {
    const origin = await startOrigin()
    await origin.close()
    const { running } = await start(`http://${origin.authority}`, 'http://127.0.0.1:1')
    const statuses = await get(running.port('reverse_proxy'), 60)
    expect(statuses).toEqual(Array(60).fill(502))
    running.daemon.stop()
    await running.daemon.stopped
    const failed = running.log.filter((line) => line.startsWith('warn exchange failed'))
    expect(failed).toHaveLength(11)
    expect(failed[10]).toMatch(/^warn exchange failed: 50 more in the last 10 s .*"code":"UPSTREAM_REFUSED"/)
  })
})

describe('OpenTelemetry', () => {
  const watch = `data:text/javascript,${encodeURIComponent(
    "import { registerHooks } from 'node:module'; registerHooks({ resolve(what, context, next) { if (/opentelemetry|grpc/.test(what)) process.stderr.write('LOADED ' + what + String.fromCharCode(10)); return next(what, context) } })",
  )}`

  const loaded = async (telemetry: object | undefined) => {
    await using origin = await startOrigin()
    const config = {
      mode: 'Reverse',
      listen_addr: '127.0.0.1:0',
      workers: { reverse_proxy: { target: `http://${origin.authority}` } },
      ...(telemetry === undefined ? {} : { telemetry }),
    }
    await using child = await startChildDaemon(config, 1024, { NODE_OPTIONS: `--import=${watch}` })
    await get(child.port('reverse proxy'), 1)
    return child.log.filter((line) => line.startsWith('LOADED'))
  }

  test('is not loaded if nothing is exported', async () => {
    expect(await loaded(undefined)).toEqual([])
    expect(await loaded({ enabled: false })).toEqual([])
  })

  test('is loaded only in main if telemetry is exported', async () => {
    const lines = await loaded({ endpoint: 'http://127.0.0.1:1' })
    // One of four threads that log the modules they resolve.
    expect(lines.filter((line) => line === 'LOADED @opentelemetry/sdk-node')).toHaveLength(1)
  })
})
