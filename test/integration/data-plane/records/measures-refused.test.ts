import { describe, expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import {
  clientOf,
  expectCompleteMetrics,
  serverOf,
  untilCounted,
} from '../../../kit/telemetry/request-metrics.ts'
import { totalOf } from '../../../kit/telemetry/series.ts'
import { until } from '../../../kit/waiting/until.ts'

describe('a refusal before an exchange', () => {
  test.each([
    ['nonsense', 'nonsense\r\n\r\n', '400'],
    ['a target that is too long', `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, '414'],
    ['a head that is too large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n`, '431'],
  ])('%s is one request without method and route', async (_name, bytes, status) => {
    await using proxy = await startEdge(reverseTo('http://127.0.0.1:9'))
    using client = await RawClient.connect(proxy.port)
    client.send(bytes)
    const answer = await client.response()
    await untilCounted(proxy, 1)
    const [series] = serverOf(proxy)
    expect(series).toMatchObject({
      attributes: {
        'http.request.method': '_OTHER',
        'url.scheme': 'http',
        'http.response.status_code': status,
      },
      sent: { sum: answer.text.length },
    })
    expect(series?.attributes).not.toHaveProperty('http.route')
    expectCompleteMetrics(proxy, 1)
  })

  test('a late head is one request', async () => {
    await using proxy = await startEdge(reverseTo('http://127.0.0.1:9', { timeouts: { headerMs: 100 } }))
    using client = await RawClient.connect(proxy.port)
    client.send('GET / HT')
    expect((await client.response()).status).toBe(408)
    await untilCounted(proxy, 1)
    expect(serverOf(proxy)[0]?.attributes['http.response.status_code']).toBe('408')
  })

  test('a connection refused by the limit is not a request', async () => {
    await using proxy = await startEdge(reverseTo('http://127.0.0.1:9'), { limit: 0 })
    using client = await RawClient.connect(proxy.port)
    expect((await client.response()).status).toBe(503)
    expect(totalOf(serverOf(proxy)).count).toBe(0)
    expect(proxy.counters().requestsTotal).toBe(0)
  })

  test('a connection that sends nothing, or half a head, is not a request', async () => {
    await using proxy = await startEdge(reverseTo('http://127.0.0.1:9'))
    const silent = await RawClient.connect(proxy.port)
    const half = await RawClient.connect(proxy.port)
    half.send('GET / HTT')
    await until('both are there', () => proxy.admission.active === 2)
    silent.destroy()
    half.destroy()
    await until('both are gone', () => proxy.admission.active === 0)
    expect(totalOf(serverOf(proxy)).count).toBe(0)
  })
})

describe('a refused exchange', () => {
  test('a body that is too large is one request, with the bytes that were read', async () => {
    await using proxy = await startEdge(reverseTo('http://127.0.0.1:9', { sizes: { maxBodyBytes: 10 } }))
    using client = await RawClient.connect(proxy.port)
    client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 11').send('x'.repeat(11))
    const answer = await client.response()
    expect(answer.status).toBe(413)
    await untilCounted(proxy, 1)
    expect(serverOf(proxy)).toMatchObject([
      { attributes: { 'http.response.status_code': '413' }, sent: { sum: answer.text.length } },
    ])
    expectCompleteMetrics(proxy, 1)
  })

  test('a body that exceeds the limit while read is one request, and its attempt has the reason', async () => {
    await using origin = await startOrigin(() => {})
    await using proxy = await startEdge(
      reverseTo(`http://${origin.authority}`, { sizes: { maxBodyBytes: 10 } }),
    )
    using client = await RawClient.connect(proxy.port)
    client.head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked').send('5\r\nhello\r\n')
    await until('the upstream has it', () => proxy.counters().upstreamAttempts === 1)
    client.send('6\r\nworld!\r\n')
    expect((await client.response()).status).toBe(413)
    await untilCounted(proxy, 1)
    expect(clientOf(proxy)).toMatchObject([
      { attributes: { 'error.type': 'BODY_TOO_LARGE' }, duration: { count: 1 } },
    ])
    expectCompleteMetrics(proxy, 1)
  })

  test('a rate limit counts its refusals', async () => {
    await using origin = await startOrigin()
    await using proxy = await startEdge(
      reverseTo(`http://${origin.authority}`, { rates: { rules: [{ limit: 1 }] } }),
    )
    using client = await RawClient.connect(proxy.port)
    await client.get('/')
    expect((await client.get('/')).status).toBe(429)
    await untilCounted(proxy, 2)
    expect(proxy.counters().rateLimited).toBe(1)
    expect(serverOf(proxy)[1]?.attributes).toMatchObject({
      'http.route': '/',
      'http.response.status_code': '429',
    })
    expectCompleteMetrics(proxy, 2)
  })
})
