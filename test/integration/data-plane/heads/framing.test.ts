import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startScriptedOrigin } from '../../../kit/origins/origin.ts'

test('a HEAD response keeps its length and has no body', async () => {
  await using origin = await startOrigin((req, res) => {
    if (req.method === 'HEAD') res.writeHead(200, { 'Content-Length': '1234' }).end()
    else res.end('next')
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('HEAD / HTTP/1.1', 'Host: a')
  const response = await client.response('HEAD')
  expect(response.get('content-length')).toBe('1234')
  expect(response.get('transfer-encoding')).toBeUndefined()
  expect((await client.get('/again')).text).toBe('next')
})

for (const status of [204, 304]) {
  test(`a ${status} has no body, and the next response follows`, async () => {
    await using origin = await startOrigin((req, res) =>
      req.url === '/none' ? res.writeHead(status).end() : res.end('next'),
    )
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    const response = await client.get('/none')
    expect(response.status).toBe(status)
    expect(response.get('transfer-encoding')).toBeUndefined()
    expect((await client.get('/')).text).toBe('next')
  })
}

test('a chunked upload is chunked again', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => {
    res.end(await seen.body)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')
  client.send('3\r\nabc\r\n')
  client.send('4\r\ndefg\r\n')
  client.send('0\r\n\r\n')
  expect((await client.response()).text).toBe('abcdefg')
})

test('an upload without a body has Content-Length 0', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 0')
  expect((await client.response()).status).toBe(200)
  expect(origin.last.get('content-length')).toBe('0')
})

test('trailers of a chunked response arrive, except fields that must not be trailers', async () => {
  await using origin = await startScriptedOrigin(
    [
      'HTTP/1.1 200 OK',
      'Transfer-Encoding: chunked',
      '',
      '2',
      'ok',
      '0',
      'X-Sum: 7',
      'Set-Cookie: a=1',
      '',
      '',
    ].join('\r\n'),
    { keepOpen: true },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect(response.text).toBe('ok')
  expect(response.trailers).toEqual(['X-Sum', '7'])
})

test('a response that ends with its connection is complete', async () => {
  await using origin = await startScriptedOrigin('HTTP/1.1 200 OK\r\n\r\nuntil the end')
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).text).toBe('until the end')
})

test('pipelined requests are answered in order', async () => {
  await using origin = await startOrigin((req, res) => {
    const waitMs = { '/slow': 80, '/middle': 30 }[req.url ?? ''] ?? 0
    setTimeout(() => res.end(req.url), waitMs)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.send(['/slow', '/middle', '/fast'].map((url) => `GET ${url} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''))
  const texts = [await client.response(), await client.response(), await client.response()].map(
    ({ text }) => text,
  )
  expect(texts).toEqual(['/slow', '/middle', '/fast'])
})

test('an early response arrives while the client still uploads, and the connection stays open', async () => {
  await using origin = await startOrigin(
    (req, res) => (req.method === 'POST' ? res.writeHead(413).end('too much') : res.end('next')),
    { gather: false },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 200000').send('x'.repeat(1_000))
  const response = await client.response()
  expect(response.status).toBe(413)
  expect(response.text).toBe('too much')
  client.send('x'.repeat(199_000))
  expect((await client.get('/')).text).toBe('next')
})

test('a response head that arrives alone does not wait for its body', async () => {
  await using origin = await startOrigin((_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' })
    res.flushHeaders()
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  expect((await client.responseHead()).get('content-type')).toBe('text/event-stream')
})

test('an HTTP/1.0 client is answered without chunks', async () => {
  await using origin = await startOrigin((_req, res) => {
    res.write('one ')
    res.end('two')
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.0')
  const response = await client.response()
  expect(response.get('transfer-encoding')).toBeUndefined()
  expect(response.text).toBe('one two')
})

for (const coding of ['xchunked', 'gzip', 'chunked, gzip', 'identity']) {
  // RFC 9112 6.3: such a body has no known end, so what follows is no request.
  test(`a request with the transfer coding ${coding} ends its connection`, async () => {
    await using origin = await startOrigin()
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head('POST / HTTP/1.1', 'Host: a', `Transfer-Encoding: ${coding}`)
    client.send('0\r\n\r\n')
    client.head('GET /next HTTP/1.1', 'Host: a')
    const response = await client.response()
    expect([400, 501]).toContain(response.status)
    expect(response.get('connection')).toBe('close')
    await client.ended()
    expect(origin.seen.length).toBe(0)
  })
}
