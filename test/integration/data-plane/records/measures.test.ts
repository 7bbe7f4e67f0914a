import { describe, expect, test } from 'vitest'
import { maxServerSeries } from '../../../../src/telemetry/metrics/counters.ts'
import { activeRequests, tunnelLives } from '../../../../src/telemetry/metrics/series.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../../kit/origins/origin.ts'
import {
  clientOf,
  expectCompleteMetrics,
  serverOf,
  untilCounted,
} from '../../../kit/telemetry/request-metrics.ts'
import { totalOf } from '../../../kit/telemetry/series.ts'
import { until } from '../../../kit/waiting/until.ts'

describe('a request through the reverse proxy', () => {
  test('is one request with its attributes and the exact sizes of its bodies', async () => {
    await using origin = await startOrigin(async (_req, res, seen) => {
      await seen.body
      // Without a length: chunked, whose framing does not count as body.
      res.write('x'.repeat(1_000))
      res.end('y'.repeat(70_000))
    })
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head('POST /some/path?q HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')
    client.send('5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n')
    expect((await client.response()).text.length).toBe(71_000)
    await untilCounted(proxy, 1)
    expect(serverOf(proxy)).toMatchObject([
      {
        attributes: {
          'http.request.method': 'POST',
          'url.scheme': 'http',
          'http.response.status_code': '200',
          'http.route': '/',
          'network.protocol.version': '1.1',
        },
        received: { sum: 8 },
        sent: { sum: 71_000 },
      },
    ])
    expect(serverOf(proxy)[0]?.attributes).not.toHaveProperty('error.type')
    expect(clientOf(proxy)).toMatchObject([
      {
        attributes: { 'http.request.method': 'POST', 'http.response.status_code': '200' },
        duration: { count: 1 },
      },
    ])
    expectCompleteMetrics(proxy, 1)
  })

  test('has no body bytes without a body, whatever the head claims', async () => {
    await using origin = await startOrigin((req, res) => {
      if (req.url === '/304') res.writeHead(304).end()
      else
        res
          .writeHead(200, { 'Content-Length': 5_000 })
          .end(req.method === 'HEAD' ? undefined : 'z'.repeat(5_000))
    })
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head('HEAD / HTTP/1.1', 'Host: a')
    expect((await client.responseHead()).status).toBe(200)
    await client.get('/304')
    await untilCounted(proxy, 2)
    expect(totalOf(serverOf(proxy))).toMatchObject({ received: 0, sent: 0 })
  })

  test('is active while it runs', async () => {
    const held = Promise.withResolvers<void>()
    await using origin = await startOrigin(async (_req, res) => {
      await held.promise
      res.end('done')
    })
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', 'Host: a')
    const active = () => activeRequests([proxy.block()]).reduce((sum, one) => sum + one, 0)
    await until('it is active', () => active() === 1 && proxy.counters().upstreamOpen === 1)
    expect(proxy.counters().upstreamIdle).toBe(0)
    held.resolve()
    await client.response()
    await untilCounted(proxy, 1)
    expect(active()).toBe(0)
    expect(proxy.counters()).toMatchObject({ upstreamOpen: 1, upstreamIdle: 1 })
  })

  test('is a 502 with its code and a failed attempt if the upstream refuses', async () => {
    await using proxy = await startEdge(reverseTo('http://127.0.0.1:1'))
    using client = await RawClient.connect(proxy.port)
    for (let n = 0; n < 3; n += 1) expect((await client.get('/')).status).toBe(502)
    await untilCounted(proxy, 3)
    const { length } = (await client.get('/')).text
    await untilCounted(proxy, 4)
    const [series] = serverOf(proxy)
    expect(series).toMatchObject({
      attributes: { 'http.response.status_code': '502', 'error.type': 'UPSTREAM_REFUSED' },
      sent: { sum: 4 * length },
    })
    expect(clientOf(proxy)).toMatchObject([
      { attributes: { 'error.type': 'UPSTREAM_REFUSED' }, duration: { count: 4 } },
    ])
    expect(proxy.counters()).toMatchObject({ targetFailures: 4, upstreamAttempts: 4, upstreamRetries: 0 })
    expectCompleteMetrics(proxy, 4)
  })

  test('aborted by its client is one request, without a status if no head was sent', async () => {
    await using origin = await startOrigin(() => {})
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    const client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', 'Host: a')
    await until('the upstream has it', () => proxy.counters().upstreamAttempts === 1)
    client.socket.resetAndDestroy()
    await untilCounted(proxy, 1)
    const [series] = serverOf(proxy)
    expect(series?.attributes).toMatchObject({ 'error.type': 'CLIENT_ABORTED' })
    expect(series?.attributes).not.toHaveProperty('http.response.status_code')
    await until('its attempt is counted', () => totalOf(clientOf(proxy)).count === 1)
    expectCompleteMetrics(proxy, 1)
  })

  test('aborted by the upstream during the body keeps the status that was sent', async () => {
    await using origin = await startRawOrigin((socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
    })
    await using proxy = await startEdge(reverseTo(`http://127.0.0.1:${origin.port}`))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', 'Host: a')
    await untilCounted(proxy, 1)
    expect(serverOf(proxy)[0]?.attributes).toMatchObject({
      'http.response.status_code': '200',
      'error.type': 'UPSTREAM_BROKEN',
    })
    expectCompleteMetrics(proxy, 1)
  })

  test('is one request and two attempts if it is retried', async () => {
    let connections = 0
    await using origin = await startRawOrigin((socket) => {
      connections += 1
      let requests = 0
      socket.on('error', () => {})
      socket.on('data', () => {
        requests += 1
        if (connections === 1 && requests === 2) socket.resetAndDestroy()
        else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
      })
    })
    await using proxy = await startEdge(reverseTo(`http://127.0.0.1:${origin.port}`))
    using client = await RawClient.connect(proxy.port)
    await client.get('/')
    expect((await client.get('/')).text).toBe('ok')
    await untilCounted(proxy, 2)
    expect(proxy.counters()).toMatchObject({ upstreamAttempts: 3, upstreamRetries: 1, targetFailures: 0 })
    expect(totalOf(clientOf(proxy)).count).toBe(3)
    expectCompleteMetrics(proxy, 2)
  })
})

describe('a CONNECT', () => {
  const routes = ['proxy', 'CONNECT']

  test('is one request when the tunnel opens; its bytes are counted exactly as they pass', async () => {
    await using origin = await startRawOrigin((socket) => {
      socket.on('data', () => socket.write('b'.repeat(100_000)))
      socket.on('end', () => socket.end('last'))
    })
    await using proxy = await startEdge(forwardTo())
    using client = await RawClient.connect(proxy.port)
    // The first bytes arrive with the request.
    client.send(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: a\r\n\r\nfirst`)
    expect((await client.responseHead()).status).toBe(200)
    await untilCounted(proxy, 1)
    await client.bytes(100_000)
    expect(proxy.counters()).toMatchObject({
      tunnelsActive: 1,
      tunnelsTotal: 1,
      tunnelBytesReceived: 5,
      tunnelBytesSent: 100_000,
    })
    client.socket.end()
    await client.bytes(4)
    await until('it is over', () => proxy.counters().tunnelsActive === 0)
    expect(proxy.counters().tunnelBytesSent).toBe(100_004)
    expect(tunnelLives([proxy.block()]).count).toBe(1)
    expect(serverOf(proxy, routes)).toMatchObject([
      {
        attributes: {
          'http.request.method': 'CONNECT',
          'http.response.status_code': '200',
          'http.route': 'CONNECT',
        },
      },
    ])
    // There was no HTTP request to an upstream.
    expect(clientOf(proxy)).toEqual([])
    expectCompleteMetrics(proxy, 1)
  })

  test('is one failed request and no tunnel if it cannot connect', async () => {
    await using proxy = await startEdge(forwardTo())
    using client = await RawClient.connect(proxy.port)
    client.head('CONNECT 127.0.0.1:1 HTTP/1.1', 'Host: a')
    const answer = await client.response()
    expect(answer.status).toBe(502)
    await untilCounted(proxy, 1)
    expect(serverOf(proxy, routes)).toMatchObject([
      { attributes: { 'error.type': 'UPSTREAM_REFUSED' }, sent: { sum: answer.text.length } },
    ])
    expect(proxy.counters()).toMatchObject({ tunnelsTotal: 0, targetFailures: 0, upstreamAttempts: 1 })
    expectCompleteMetrics(proxy, 1)
  })
})

test('the number of series per worker is bounded, whatever an upstream answers', async () => {
  let status = 199
  await using origin = await startOrigin((_req, res) => {
    status += 1
    res.writeHead(200 + (status % 400)).end()
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  for (const method of ['GET', 'PUT', 'DELETE']) {
    for (let n = 0; n < 400; n += 1) {
      client.head(`${method} / HTTP/1.1`, 'Host: a', 'Content-Length: 0')
      await client.response()
    }
  }
  await untilCounted(proxy, 1_200)
  expect(serverOf(proxy).length).toBe(maxServerSeries + 1)
  // Overflowing series lose their attributes, including the error, but not their count.
  expect(totalOf(serverOf(proxy))).toMatchObject({ count: 1_200, sizes: [1_200, 1_200] })
})
