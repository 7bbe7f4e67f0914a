import { connect } from 'node:http2'
import { expect, test } from 'vitest'
import { answerOf, H2Client } from '../../kit/clients/h2-client.ts'
import { ask, connectTls } from '../../kit/clients/tls-client.ts'
import { filesIn, forwardTo, reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startTlsDaemon } from '../../kit/daemons/tls-daemon.ts'
import { startOrigin } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'
import { createSite } from '../static/site.ts'

const h2 = { cleartext: 'h2' } as const

test('files: complete, ranges, not modified, HEAD, missing, and a large one', async () => {
  await using site = createSite()
  site.write('a.txt', 'hello file')
  site.write('large.bin', 'x'.repeat(1_000_000))
  const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using proxy = await startEdge(filesIn([mount]), h2)
  using client = await H2Client.connect(proxy.port)
  const whole = await client.get('/a.txt')
  expect(whole).toMatchObject({ status: 200, text: 'hello file', isWhole: true })
  expect(await client.get('/a.txt', { range: 'bytes=6-9' })).toMatchObject({ status: 206, text: 'file' })
  const etag = String(whole.headers['etag'])
  expect(await client.get('/a.txt', { 'if-none-match': etag })).toMatchObject({
    status: 304,
    text: '',
    isWhole: true,
  })
  const head = await answerOf(client.request({ ':method': 'HEAD', ':path': '/a.txt' }))
  expect(head).toMatchObject({ status: 200, text: '', isWhole: true })
  expect(head.headers['content-length']).toBe('10')
  expect((await client.get('/none')).status).toBe(404)
  expect(await client.post('/a.txt', 'x'.repeat(100_000))).toMatchObject({ status: 405, reset: 0 })
  expect((await client.get('/large.bin')).body.length).toBe(1_000_000)
  await until('all are counted', () => proxy.counters().requestsTotal === 7)
  expect(proxy.counters().requestsFailed).toBe(0)
})

test('in a combined worker a connection counts for each used service; http:// selects the forward proxy', async () => {
  await using site = createSite()
  site.write('a.txt', 'file')
  const mount = { path: '/files', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using origin = await startOrigin((req, res) => res.end(`${req.headers.host}${req.url}`))
  await using proxy = await startEdge(
    [forwardTo(), filesIn([mount]), reverseTo(`http://${origin.authority}`)],
    h2,
  )
  using client = await H2Client.connect(proxy.port)
  expect((await client.get('/files/a.txt')).text).toBe('file')
  expect(proxy.services).toMatchObject({ static: { active: 1 }, reverse: { active: 0 } })
  expect((await client.get('/x')).text).toBe('client.test/x')
  expect(proxy.services).toMatchObject({ static: { active: 1 }, reverse: { active: 1 } })
  // On a cleartext connection, https is not the connection's scheme.
  const other = await answerOf(
    client.request({ ':scheme': 'https', ':authority': '127.0.0.1:1', ':path': '/y' }),
  )
  expect(other.status).toBe(502)
  expect(proxy.services).toMatchObject({ forward: { active: 1 } })
  client[Symbol.dispose]()
  await until('it has left all', () => Object.values(proxy.services).every(({ active }) => active === 0))
})

test('a service without room refuses only its own requests of a connection', async () => {
  await using site = createSite()
  site.write('a.txt', 'file')
  const mount = { path: '/files', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using origin = await startOrigin()
  await using proxy = await startEdge([filesIn([mount]), reverseTo(`http://${origin.authority}`)], h2)
  proxy.services.reverse.limit = 0
  using client = await H2Client.connect(proxy.port)
  expect((await client.get('/x')).status).toBe(503)
  expect((await client.get('/files/a.txt')).text).toBe('file')
})

test('over TLS, ALPN selects HTTP/2, and HTTP/1.1 for clients that do not offer it', async () => {
  await using origin = await startOrigin()
  await using daemon = await startTlsDaemon(`http://${origin.authority}`)
  const session = connect(`https://127.0.0.1:${daemon.port}`, {
    rejectUnauthorized: false,
    servername: 'a.test',
  })
  const stream = session.request({ ':path': '/', ':authority': 'a.test' })
  expect(await answerOf(stream)).toMatchObject({ status: 200, text: 'hello' })
  expect(session.alpnProtocol).toBe('h2')
  expect(origin.last.get('via')).toMatch(/^2\.0 /)
  expect(origin.last.get('x-forwarded-proto')).toBe('https')
  session.close()
  const { socket } = await connectTls(daemon.port, { ALPNProtocols: ['http/1.1'] })
  expect(await ask(socket, 'GET / HTTP/1.1', 'Host: a.test')).toMatch(/^HTTP\/1\.1 200/)
  expect(origin.last.get('via')).toMatch(/^1\.1 /)
})

test('HTTP/2 is not offered if it is switched off', async () => {
  await using origin = await startOrigin()
  await using daemon = await startTlsDaemon(`http://${origin.authority}`, {
    worker: { http2: { enabled: false } },
  })
  await expect(connectTls(daemon.port, { ALPNProtocols: ['h2'] })).rejects.toThrow()
  const { socket } = await connectTls(daemon.port, { ALPNProtocols: ['h2', 'http/1.1'] })
  expect(socket.alpnProtocol).toBe('http/1.1')
  socket.destroy()
})
