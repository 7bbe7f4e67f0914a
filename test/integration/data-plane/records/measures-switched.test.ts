import { constants } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { tunnelLives } from '../../../../src/telemetry/metrics/series.ts'
import { answerOf, H2Client } from '../../../kit/clients/h2-client.ts'
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

const h2 = { cleartext: 'h2' } as const
const upgrade = [
  'Host: client.test',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
]
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

describe('over HTTP/2', () => {
  test('each stream is one request, with the bytes of its own bodies', async () => {
    await using origin = await startOrigin(async (req, res, seen) => {
      const body = await seen.body
      res.statusCode = req.url === '/bad' ? 500 : 200
      res.end('r'.repeat(10 + body.length))
    })
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
    using client = await H2Client.connect(proxy.port)
    const answers = await Promise.all([
      client.get('/'),
      client.post('/', 'u'.repeat(70_000)),
      client.post('/', 'v'.repeat(5)),
      client.get('/bad'),
    ])
    await untilCounted(proxy, 4)
    const sent = answers.reduce((sum, { body }) => sum + body.length, 0)
    expect(totalOf(serverOf(proxy))).toMatchObject({ received: 70_005, sent })
    const versions = new Set(serverOf(proxy).map(({ attributes }) => attributes['network.protocol.version']))
    expect([...versions]).toEqual(['2'])
    const failed = serverOf(proxy).filter(({ attributes }) => attributes['error.type'] === '500')
    expect(totalOf(failed).count).toBe(1)
    expectCompleteMetrics(proxy, 4)
  })

  test('a stream reset by its client is one request', async () => {
    await using origin = await startOrigin(() => {})
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
    using client = await H2Client.connect(proxy.port)
    const stream = client.request({ ':path': '/' })
    await until('the upstream has it', () => proxy.counters().upstreamAttempts === 1)
    stream.close(constants.NGHTTP2_CANCEL)
    await untilCounted(proxy, 1)
    expect(serverOf(proxy)[0]?.attributes).toMatchObject({ 'error.type': 'CLIENT_ABORTED' })
    await until('its attempt is counted', () => totalOf(clientOf(proxy)).count === 1)
    expectCompleteMetrics(proxy, 1)
  })

  test('a CONNECT is one request, and its tunnel has the bytes of its stream', async () => {
    await using origin = await startRawOrigin((socket) => {
      socket.on('data', (chunk) => socket.write(`<${chunk}>`))
      socket.on('end', () => socket.end('bye'))
    })
    await using proxy = await startEdge(forwardTo(), h2)
    using client = await H2Client.connect(proxy.port)
    const stream = client.request(
      { ':method': 'CONNECT', ':authority': origin.authority },
      { endStream: false },
    )
    const answer = answerOf(stream)
    stream.end('hello')
    expect((await answer).text).toBe('<hello>bye')
    await until('it is over', () => tunnelLives([proxy.block()]).count === 1)
    expect(proxy.counters()).toMatchObject({ tunnelBytesReceived: 5, tunnelBytesSent: 10, tunnelsActive: 0 })
    expectCompleteMetrics(proxy, 1)
  })

  test('a refused CONNECT has the body size of its answer', async () => {
    await using proxy = await startEdge(forwardTo(), h2)
    using client = await H2Client.connect(proxy.port)
    const stream = client.request({ ':method': 'CONNECT', ':authority': '127.0.0.1:1' }, { endStream: false })
    const answer = await answerOf(stream)
    expect(answer.status).toBe(502)
    await untilCounted(proxy, 1)
    expect(totalOf(serverOf(proxy)).sent).toBe(answer.body.length)
    expectCompleteMetrics(proxy, 1)
  })
})

describe('an upgrade', () => {
  test('is one request at its switch; later bytes belong to a tunnel, counted exactly', async () => {
    await using origin = await startRawOrigin((socket) => {
      socket.once('data', () => {
        socket.write(`${switching}first`)
        socket.on('data', (chunk: Buffer) => socket.write('e'.repeat(2 * chunk.length)))
      })
    })
    await using proxy = await startEdge(reverseTo(`http://127.0.0.1:${origin.port}`))
    using client = await RawClient.connect(proxy.port)
    client.head('GET /chat HTTP/1.1', ...upgrade)
    expect((await client.responseHead()).status).toBe(101)
    await untilCounted(proxy, 1)
    await client.bytes(5)
    client.send('m'.repeat(30_000))
    await client.bytes(60_000)
    expect(proxy.counters()).toMatchObject({ tunnelBytesReceived: 30_000, tunnelBytesSent: 60_005 })
    client.destroy()
    await until('it is over', () => tunnelLives([proxy.block()]).count === 1)
    expect(serverOf(proxy)).toMatchObject([{ attributes: { 'http.response.status_code': '101' } }])
    expect(clientOf(proxy)).toMatchObject([{ attributes: { 'http.response.status_code': '101' } }])
    expectCompleteMetrics(proxy, 1)
  })

  test('has the size of the answer if the upstream does not switch', async () => {
    await using origin = await startOrigin((_req, res) => res.writeHead(403).end('n'.repeat(20_000)))
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', ...upgrade)
    expect((await client.response()).status).toBe(403)
    await until('it is over', () => totalOf(serverOf(proxy)).sizes[1] === 1)
    expect(totalOf(serverOf(proxy))).toMatchObject({ count: 1, sent: 20_000 })
    expect(proxy.counters().tunnelsTotal).toBe(0)
    expectCompleteMetrics(proxy, 1)
  })

  test('is one failed request if the upstream cannot be reached', async () => {
    await using proxy = await startEdge(reverseTo('http://127.0.0.1:1'))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', ...upgrade)
    const answer = await client.response()
    expect(answer.status).toBe(502)
    await untilCounted(proxy, 1)
    expect(totalOf(serverOf(proxy)).sent).toBe(answer.body.length)
    expect(totalOf(clientOf(proxy)).count).toBe(1)
    expect(proxy.counters()).toMatchObject({ upstreamAttempts: 1, targetFailures: 1 })
    expectCompleteMetrics(proxy, 1)
  })
})

describe('the dial of a CONNECT', () => {
  test('is an attempt, whether it succeeds or fails, and not an upstream request', async () => {
    await using origin = await startRawOrigin((socket) => socket.end('bye'))
    await using proxy = await startEdge(forwardTo())
    for (const [authority, status] of [
      [origin.authority, 200],
      ['127.0.0.1:1', 502],
    ] as const) {
      using client = await RawClient.connect(proxy.port)
      client.head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`)
      expect((await client.responseHead()).status).toBe(status)
      await client.rest()
    }
    await untilCounted(proxy, 2)
    expect(proxy.counters()).toMatchObject({ upstreamAttempts: 2, upstreamRetries: 0, targetFailures: 0 })
    expect(clientOf(proxy)).toEqual([])
    expectCompleteMetrics(proxy, 2)
  })
})
