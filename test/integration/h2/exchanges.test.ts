import { expect, test } from 'vitest'
import { answerOf, H2Client } from '../../kit/clients/h2-client.ts'
import { FrameClient, flag, frame, requestOf } from '../../kit/clients/h2-frames.ts'
import { reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startOrigin, startScriptedOrigin, unusedPort } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const h2 = { cleartext: 'h2' } as const

test('requests of one connection run concurrently, and a slow one blocks no other', async () => {
  let release = (): void => {}
  await using origin = await startOrigin((req, res) => {
    if (req.url !== '/slow') res.end(req.url)
    else release = () => res.end('at last')
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const slow = client.get('/slow')
  const texts = (await Promise.all(['/1', '/2', '/3'].map((path) => client.get(path)))).map(
    ({ text }) => text,
  )
  expect(texts).toEqual(['/1', '/2', '/3'])
  release()
  expect(await slow).toMatchObject({ status: 200, text: 'at last', isWhole: true })
  await until('all are counted', () => proxy.counters().requestsTotal === 4)
  expect(proxy.counters()).toMatchObject({ requestsFailed: 0, requestsTotal: 4 })
  expect(proxy.admission.opened).toBe(1)
})

test('the upstream gets an HTTP/1.1 request: Host from :authority, one Cookie, Via 2.0, no pseudo-fields', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}/base`), h2)
  using client = await H2Client.connect(proxy.port)
  const stream = client.request({
    ':path': '/x?y=1',
    cookie: ['a=1', 'b=2', 'c=3'],
    'x-own': 'kept',
    te: 'trailers',
  })
  const answer = await answerOf(stream)
  expect(answer).toMatchObject({ status: 200, text: 'hello', isWhole: true })
  expect(answer.headers['connection']).toBeUndefined()
  expect(answer.headers['via']).toBe('1.1 bifrost-test')
  const { last } = origin
  expect(last.url).toBe('/base/x?y=1')
  expect(last.all('host')).toEqual(['client.test'])
  expect(last.all('cookie')).toEqual(['a=1; b=2; c=3'])
  expect(last.get('via')).toBe('2.0 bifrost-test')
  expect(last.get('x-own')).toBe('kept')
  expect(last.get('te')).toBe('trailers')
  expect(last.rawHeaders.filter((_, at) => at % 2 === 0).some((name) => name.startsWith(':'))).toBe(false)
})

test('a body reaches the upstream completely, with and without a length', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(String((await seen.body).length)))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const body = Buffer.alloc(3_000_000, 'x')
  expect((await client.post('/', body)).text).toBe('3000000')
  expect(origin.last.get('transfer-encoding')).toBe('chunked')
  expect((await client.post('/', body, { 'content-length': '3000000' })).text).toBe('3000000')
  expect(origin.last.get('content-length')).toBe('3000000')
  expect((await client.post('/', '', {})).text).toBe('0')
})

test('an upload that is reset is never complete at the upstream, whatever the code', async () => {
  for (const code of [0, 8, 2]) {
    await using origin = await startOrigin(() => {})
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
    using client = await FrameClient.connect(proxy.port)
    client.request(1, requestOf({ ':method': 'POST' }), true).send(frame.data, 0, 1, Buffer.from('half'))
    await until('the origin has it', () => origin.seen.length === 1)
    const outcome = origin.last.body.then(
      () => 'whole',
      () => 'cut off',
    )
    client.reset(1, code)
    expect(await outcome, `code ${code}`).toBe('cut off')
    await until('it is counted', () => proxy.counters().requestsFailed === 1)
  }
})

test('a body shorter than its content-length resets the stream, a longer one ends the connection', async () => {
  for (const [length, ends] of [
    ['5', (client: FrameClient) => client.outcome(1).then((outcome) => expect(outcome).toBe('reset 1'))],
    ['3', (client: FrameClient) => client.firstGoaway()],
  ] as const) {
    await using origin = await startOrigin(() => {})
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
    using client = await FrameClient.connect(proxy.port)
    client.request(1, requestOf({ ':method': 'POST' }, ['content-length', length]), true)
    client.send(frame.data, 0, 1, Buffer.from('fo'))
    await until('the origin has it', () => origin.seen.length === 1)
    const body = expect(origin.last.body).rejects.toThrow()
    client.send(frame.data, flag.endStream, 1, Buffer.from('ur'))
    await ends(client)
    await body
    await until('it is counted', () => proxy.counters().requestsFailed === 1)
  }
})

test('the permitted trailers of a chunked response are relayed', async () => {
  await using origin = await startScriptedOrigin(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/grpc\r\nTrailer: grpc-status\r\n\r\n5\r\nhello\r\n0\r\ngrpc-status: 0\r\nset-cookie: a=b\r\n\r\n',
    { keepOpen: true },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const answer = await client.post('/svc/Method', 'message', { te: 'trailers' })
  expect(answer).toMatchObject({ status: 200, text: 'hello', isWhole: true })
  expect(answer.trailers['grpc-status']).toBe('0')
  expect(answer.trailers['set-cookie']).toBeUndefined()
})

const settings = 'HTTP2-Settings: AAMAAABk\r\n'
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n'
const body = '\r\n5\r\nhello\r\n0\r\n'

test.each([
  ['hints', `HTTP/1.1 103 Early Hints\r\n${settings}\r\n${chunked}${body}\r\n`],
  ['head', `${chunked}${settings}${body}\r\n`],
  ['trailers', `${chunked}${body}${settings}\r\n`],
])('fields that HTTP/2 forbids are dropped from the %s of an upstream', async (_, bytes) => {
  await using origin = await startScriptedOrigin(bytes, { keepOpen: true })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  expect(await client.get('/')).toMatchObject({ status: 200, text: 'hello', isWhole: true })
})

test('a response without a length and without trailers ends', async () => {
  await using origin = await startOrigin((_req, res) => {
    res.write('a')
    res.end('b')
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  expect(await client.get('/')).toMatchObject({ text: 'ab', isWhole: true })
})

test('HEAD, 204 and 304 have no body', async () => {
  await using origin = await startOrigin((req, res) => {
    res.statusCode = Number(req.url?.slice(1))
    res.setHeader('ETag', '"x"')
    res.end(req.method === 'HEAD' || res.statusCode !== 200 ? undefined : 'body')
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  for (const [method, path] of [
    ['HEAD', '/200'],
    ['GET', '/204'],
    ['GET', '/304'],
    ['HEAD', '/404'],
  ] as const) {
    const answer = await answerOf(client.request({ ':method': method, ':path': path }))
    expect(answer, path).toMatchObject({ status: Number(path.slice(1)), text: '', isWhole: true, reset: 0 })
    expect(answer.headers['etag']).toBe('"x"')
  }
  await until('all are counted', () => proxy.counters().requestsTotal === 4)
  expect(proxy.counters().requestsFailed).toBe(0)
})

test('a 205 has no body and no Content-Length', async () => {
  await using origin = await startScriptedOrigin(
    'HTTP/1.1 205 Reset Content\r\nContent-Length: 5\r\n\r\nhello',
    { keepOpen: true },
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const answer = await client.get('/')
  expect(answer).toMatchObject({ status: 205, text: '', isWhole: true, reset: 0 })
  expect(answer.headers['content-length']).toBeUndefined()
})

test('early hints arrive before the response', async () => {
  await using origin = await startOrigin((_req, res) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' })
    res.end('page')
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const answer = await client.get('/')
  expect(answer.text).toBe('page')
  expect(answer.informed).toMatchObject([{ ':status': 103, link: '</a.css>; rel=preload' }])
})

test('an answer before the end of the upload is complete, and then the upload is stopped with NO_ERROR', async () => {
  await using origin = await startOrigin((_req, res) => res.end('enough'), { gather: false })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const stream = client.request({ ':method': 'POST', ':path': '/' }, { endStream: false })
  const answer = answerOf(stream)
  stream.write(Buffer.alloc(200_000))
  expect(await answer).toMatchObject({ status: 200, text: 'enough', reset: 0 })
  await until('it is counted', () => proxy.counters().requestsTotal === 1)
  expect(proxy.counters().requestsFailed).toBe(0)
  expect((await client.get('/')).text).toBe('enough')
})

test('a client that expects a 100 gets it when its origin sends one', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(await seen.body))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const stream = client.request(
    { ':method': 'POST', ':path': '/', expect: '100-continue' },
    { endStream: false },
  )
  const answer = answerOf(stream)
  await new Promise((resolve) => stream.once('continue', resolve))
  stream.end('body')
  expect(await answer).toMatchObject({ status: 200, text: 'body', informed: [{ ':status': 100 }] })
  expect(origin.last.get('expect')).toBe('100-continue')
})

test('a client that expects a 100 does not get it if no upstream can be reached', async () => {
  await using proxy = await startEdge(reverseTo(`http://127.0.0.1:${await unusedPort()}`), h2)
  using client = await H2Client.connect(proxy.port)
  const head = { ':method': 'POST', ':path': '/', expect: '100-continue' }
  const answer = await answerOf(client.request(head, { endStream: false }))
  expect(answer).toMatchObject({ status: 502, informed: [] })
})

test('an upstream that breaks off its body resets only that stream', async () => {
  await using origin = await startScriptedOrigin('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const answer = await client.get('/')
  expect(answer).toMatchObject({ status: 200, text: 'half', isWhole: false, reset: 2 })
  expect((await client.get('/')).status).toBe(200)
  await until('both are counted', () => proxy.counters().requestsFailed === 2)
})

test('an upstream that cannot be reached gives a 502', async () => {
  await using proxy = await startEdge(reverseTo('http://127.0.0.1:1'), h2)
  using client = await H2Client.connect(proxy.port)
  expect(await client.get('/')).toMatchObject({ status: 502, isWhole: true })
  expect(await client.post('/', 'x'.repeat(1000))).toMatchObject({ status: 502 })
})
