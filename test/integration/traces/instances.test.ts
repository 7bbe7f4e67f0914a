import { describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../kit/daemons/daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { type CollectedSpans, collectSpans, sentTo } from '../../kit/telemetry/spans.ts'
import { sampled, spanId, traceId } from '../../kit/telemetry/tracer.ts'
import { until } from '../../kit/waiting/until.ts'

/** Spans on their way from instances to main, and the context sent upstream without telemetry. */

const config = (authority: string, tracing: object, more: object = {}) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  workers: { reverse_proxy: { target: `http://${authority}`, tracing, ...more } },
})

/** Sends concurrent requests, each on its own connection. */
async function ask(port: number, requests: number): Promise<void> {
  const one = async () => {
    using client = await RawClient.connect(port)
    await client.get('/', 'Connection: close')
  }
  await Promise.all(Array.from({ length: requests }, one))
}

describe.each(['thread', 'process', 'shared'] as const)('from a %s', (isolation) => {
  test('spans arrive within about a second and name their instance', async () => {
    await using origin = await startOrigin()
    const spans = collectSpans()
    await using daemon = await startTestDaemon(config(origin.authority, {}), {
      isolation,
      exportSpans: spans.exportSpans,
    })
    using client = await RawClient.connect(daemon.port('reverse_proxy'))
    await client.get('/', `traceparent: ${sampled}`)
    const { servers, clients } = await spans.wait(2)
    expect(servers[0]).toMatchObject({
      traceId,
      parentSpanId: spanId,
      attributes: {
        'proxy.worker.name': 'reverse_proxy',
        'proxy.instance': 'reverse_proxy#1',
        'proxy.generation': 1,
      },
    })
    expect(sentTo(origin, 'traceparent')).toEqual([`00-${traceId}-${clients[0]?.spanId}-01`])
  })

  test('the waiting spans are posted by a drain', async () => {
    await using origin = await startOrigin()
    const spans = collectSpans()
    await using daemon = await startTestDaemon(config(origin.authority, { sample_ratio: 1 }), {
      isolation,
      exportSpans: spans.exportSpans,
    })
    using client = await RawClient.connect(daemon.port('reverse_proxy'))
    for (let at = 0; at < 5; at += 1) await client.get('/')
    client.end()
    daemon.daemon.stop()
    await daemon.daemon.stopped
    expect(spans.all).toHaveLength(10)
  })
})

const startSampling = (authority: string, { exportSpans }: CollectedSpans, isolation: 'thread' | 'process') =>
  startTestDaemon(config(authority, { sample_ratio: 1 }), { isolation, exportSpans, allowFaults: true })

describe.each(['thread', 'process'] as const)('a %s that fails', (isolation) => {
  test.each(['throw', 'exit'])('by %s has posted its spans', async (fault) => {
    await using origin = await startOrigin()
    const spans = collectSpans()
    await using daemon = await startSampling(origin.authority, spans, isolation)
    using client = await RawClient.connect(daemon.port('reverse_proxy'))
    await client.get('/')
    daemon.daemon.inject('reverse_proxy', fault)
    await until('it has ended', () => daemon.log.some((line) => line.includes('instance ended')))
    await spans.wait(2)
    expect(spans.all.map((span) => span.attributes['proxy.generation'])).toEqual([1, 1])
  })

  test('by being killed does not lose the spans it posted before', async () => {
    await using origin = await startOrigin()
    const spans = collectSpans()
    await using daemon = await startSampling(origin.authority, spans, isolation)
    const port = daemon.port('reverse_proxy')
    using client = await RawClient.connect(port)
    const round = async () => {
      const start = performance.now()
      await ask(port, 32)
      await client.get('/')
      return performance.now() - start
    }
    // A full batch, which is posted at once, and one more request: its response shows that the earlier ones
    // have ended. In a slower round the timer has posted parts of the batch.
    let rounds = 1
    for (; (await round()) > 900; rounds += 1) await spans.wait(66 * rounds)
    daemon.daemon.inject('reverse_proxy', 'kill')
    await until('it has ended', () => daemon.log.some((line) => line.includes('instance ended')))
    await spans.wait(66 * rounds - 2)
  })
})

test('spans are limited per second, in equal shares, and the others are counted', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  await using daemon = await startTestDaemon(
    config(origin.authority, { sample_ratio: 1 }, { worker_threads: 2 }),
    { exportSpans: spans.exportSpans, maxSpansPerSecond: 8 },
  )
  const requests = 40
  await ask(daemon.port('reverse_proxy'), requests)
  const dropped = () => daemon.daemon.overview.counters('reverse_proxy')?.spansDropped ?? 0
  await until('each is exported or counted', () => spans.all.length + dropped() === 2 * requests)
  expect(dropped()).toBeGreaterThan(0)
  const inSecond = new Map<unknown, number[]>()
  for (const { attributes, endMs, kind } of spans.all) {
    if (kind !== 'server') continue
    const id = attributes['proxy.instance']
    inSecond.set(id, [...(inSecond.get(id) ?? []), endMs])
  }
  for (const times of inSecond.values()) {
    // An instance may export two exchanges of two spans per second, so the last of four in a row is two
    // seconds later.
    for (let at = 3; at < times.length; at += 1)
      expect((times[at] as number) - (times[at - 3] as number)).toBeGreaterThan(700)
  }
})

test('without telemetry no span is made, and contexts are forwarded', async () => {
  await using origin = await startOrigin()
  await using daemon = await startTestDaemon(config(origin.authority, { sample_ratio: 1 }))
  using client = await RawClient.connect(daemon.port('reverse_proxy'))
  await client.get('/', `traceparent: ${sampled}`, 'tracestate: a=1', 'baggage: b=2')
  expect(sentTo(origin, 'traceparent')).toEqual([sampled])
  expect(sentTo(origin, 'tracestate')).toEqual(['a=1'])
  expect(sentTo(origin, 'baggage')).toEqual(['b=2'])
  await client.get('/')
  expect(sentTo(origin, 'traceparent')).toEqual([])
})

test('without telemetry an injected trace is not sampled', async () => {
  await using origin = await startOrigin()
  await using daemon = await startTestDaemon(
    config(origin.authority, { sample_ratio: 1, context: 'inject', formats: ['tracecontext', 'b3'] }),
  )
  using client = await RawClient.connect(daemon.port('reverse_proxy'))
  await client.get('/', `traceparent: ${sampled}`)
  const [sent = ''] = sentTo(origin, 'traceparent')
  expect(sent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/)
  expect(sent).not.toContain(traceId)
  expect(sentTo(origin, 'b3')).toEqual([`${sent.slice(3, 52)}-0`])
})

test('an untrusted client gets a new trace, and its own trace fields are not forwarded', async () => {
  await using origin = await startOrigin()
  const spans = collectSpans()
  const tracing = { sample_ratio: 1, trust: 'proxies' }
  await using daemon = await startTestDaemon(
    config(origin.authority, tracing, { trusted_proxies: ['127.0.0.2'] }),
    { exportSpans: spans.exportSpans },
  )
  const fields = [`traceparent: ${sampled}`, 'tracestate: a=1', 'baggage: b=2', `X-B3-TraceId: ${traceId}`]
  using stranger = await RawClient.connect(daemon.port('reverse_proxy'))
  await stranger.get('/', ...fields)
  const { servers, clients } = await spans.wait(2)
  expect(servers[0]).toMatchObject({ parentSpanId: null, links: [{ traceId, spanId, isSampled: true }] })
  expect(servers[0]?.traceId).not.toBe(traceId)
  expect(sentTo(origin, 'traceparent')).toEqual([`00-${servers[0]?.traceId}-${clients[0]?.spanId}-01`])
  for (const name of ['tracestate', 'baggage', 'x-b3-traceid']) expect(sentTo(origin, name)).toEqual([])

  using proxy = await RawClient.connect(daemon.port('reverse_proxy'), '127.0.0.1', '127.0.0.2')
  await proxy.get('/', ...fields)
  const all = await spans.wait(4)
  expect(all.servers[1]).toMatchObject({ traceId, parentSpanId: spanId, links: [] })
  expect(sentTo(origin, 'baggage')).toEqual(['b=2'])
})
