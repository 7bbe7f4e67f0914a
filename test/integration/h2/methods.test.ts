/** Every token is a method (RFC 9110 9.1), and methods are case-sensitive. */
import { expect, test } from 'vitest'
import { H2Client } from '../../kit/clients/h2-client.ts'
import { FrameClient, requestOf } from '../../kit/clients/h2-frames.ts'
import { filesIn, forwardTo, reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { FakeRequest } from '../../kit/engine/fake-exchange.ts'
import { poolWith, relay } from '../../kit/engine/relayed.ts'
import { startOrigin, startRawOrigin } from '../../kit/origins/origin.ts'
import { clientOf, serverOf } from '../../kit/telemetry/request-metrics.ts'
import { selfSigned } from '../../kit/tls/self-signed.ts'
import { startTlsOrigin } from '../../kit/tls/tls-origin.ts'
import { until } from '../../kit/waiting/until.ts'

const h2 = { cleartext: 'h2' } as const
const methods = [
  'LIST',
  'BREW',
  'VERSION-CONTROL',
  'get',
  'Post',
  'head',
  'connect',
  "!#$%&'*+-.^_`|~",
  'X'.repeat(100),
]
const mount = {
  path: '/',
  rootDir: 'config/site',
  spaMode: false,
  spaFallbackFile: 'x',
  indexFiles: ['index.html'],
}

/** An origin that answers with the request line it received. */
const lineOrigin = () =>
  startRawOrigin((socket) => {
    socket.on('data', (chunk) => {
      const line = chunk.toString('latin1').split('\r\n', 1)[0] ?? ''
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${line.length}\r\n\r\n${line}`)
    })
    socket.on('end', () => socket.end())
  })

test.each(['reverse', 'forward'] as const)('%s forwards every method unchanged', async (type) => {
  await using origin = await lineOrigin()
  const service = type === 'forward' ? forwardTo() : reverseTo(`http://${origin.authority}`)
  await using proxy = await startEdge(service, h2)
  using client = await H2Client.connect(proxy.port)
  for (const method of methods) {
    const answer = await client.get('/x', { ':method': method, ':authority': origin.authority })
    expect(answer, method).toMatchObject({ status: 200, text: `${method} /x HTTP/1.1` })
  }
  await until('all are counted', () => proxy.records.length === methods.length)
  expect(proxy.records.map(({ method }) => method)).toEqual(methods)
  const seen = [...serverOf(proxy), ...clientOf(proxy)].map(
    ({ attributes }) => attributes['http.request.method'],
  )
  expect(new Set(seen)).toEqual(new Set(['_OTHER']))
})

test('static files answer every other method with 405', async () => {
  await using proxy = await startEdge(filesIn([mount]), h2)
  using client = await H2Client.connect(proxy.port)
  for (const method of methods) {
    const answer = await client.get('/', { ':method': method })
    expect(answer, method).toMatchObject({ status: 405, isWhole: true })
    expect(answer.headers['allow']).toBe('GET, HEAD')
  }
})

test('beside a reverse proxy, other methods for a file go to the upstream', async () => {
  await using origin = await lineOrigin()
  await using proxy = await startEdge([reverseTo(`http://${origin.authority}`), filesIn([mount])], h2)
  using client = await H2Client.connect(proxy.port)
  expect(await client.get('/index.html', { ':method': 'LIST' })).toMatchObject({
    text: 'LIST /index.html HTTP/1.1',
  })
})

test('an https upstream gets the method unchanged', async () => {
  await using origin = await startTlsOrigin(selfSigned, (socket) => {
    socket.on('data', (chunk) => {
      const line = chunk.toString('latin1').split('\r\n', 1)[0] ?? ''
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${line.length}\r\n\r\n${line}`)
    })
  })
  const pool = poolWith({ ca: selfSigned.cert })
  for (const method of methods.filter((one) => one !== 'connect')) {
    const { response } = relay(
      pool,
      `https://127.0.0.1:${origin.port}`,
      ['Host', 'a'],
      new FakeRequest(method),
    )
    await response.over
    expect(response.body).toBe(`${method} / HTTP/1.1`)
  }
  pool.close()
})

test('a method that is not a token is not forwarded by any service', async () => {
  await using origin = await startOrigin()
  for (const service of [reverseTo(`http://${origin.authority}`), forwardTo(), filesIn([mount])]) {
    await using proxy = await startEdge(service, h2)
    for (const method of ['GE(T', 'A B', 'A/B', 'A:B', 'A\tB', 'caf\xe9', '"A"', 'A\0', '']) {
      using client = await FrameClient.connect(proxy.port)
      client.request(1, requestOf({ ':method': method, ':authority': origin.authority }))
      expect(['400', 'reset 1'], method).toContain(await client.outcome(1))
    }
  }
  expect(origin.seen).toHaveLength(0)
})
