import { once } from 'node:events'
import type { Server } from 'node:http'
import { hashSync } from 'bcryptjs'
import { expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { H2Client } from '../../../kit/clients/h2-client.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { filesIn, forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const plain = (text: string) => ({ form: 'plain', text }) as const
const auth = { users: [{ name: 'alice', password: plain('open sesame') }], realm: 'the "door"' }
const site = {
  path: '/files',
  rootDir: 'config/site',
  spaMode: false,
  spaFallbackFile: 'index.html',
  indexFiles: ['index.html'],
}
const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`
const right = basic('alice:open sesame')
const wrong = [basic('alice:guess'), basic('bob:open sesame'), 'Basic !', 'Bearer x']

test('reverse: 401 with a challenge until the password is right; the upstream never sees it', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { auth }))
  using client = await RawClient.connect(proxy.port)
  for (const field of [
    'X-None: 1',
    ...wrong.map((value) => `Authorization: ${value}`),
    `Proxy-Authorization: ${right}`,
  ]) {
    const response = await client.get('/', field)
    expect(response.status, field).toBe(401)
    expect(response.all('www-authenticate')).toEqual(['Basic realm="the \\"door\\"", charset="UTF-8"'])
  }
  expect(origin.seen).toHaveLength(0)
  expect((await client.get('/', `Authorization: ${right}`)).status).toBe(200)
  expect(origin.last.all('authorization')).toEqual([])
})

test('reverse: credentials are forwarded if configured, and if the service requires none', async () => {
  await using origin = await startOrigin()
  const ways = [
    reverseTo(`http://${origin.authority}`, { auth: { ...auth, forwards: true } }),
    reverseTo(`http://${origin.authority}`),
  ]
  for (const way of ways) {
    await using proxy = await startEdge(way)
    using client = await RawClient.connect(proxy.port)
    expect((await client.get('/', `Authorization: ${right}`)).status).toBe(200)
    expect(origin.last.all('authorization')).toEqual([right])
  }
})

test('repeated credential fields are ignored, because the upstream could read another user', async () => {
  await using origin = await startOrigin()
  const other = basic('bob:')
  const both = [`${right}`, other]
  for (const [one, two] of [both, both.toReversed()]) {
    await using reverse = await startEdge(
      reverseTo(`http://${origin.authority}`, { auth: { ...auth, forwards: true } }),
    )
    await using forward = await startEdge(forwardTo({ auth }))
    using client = await RawClient.connect(reverse.port)
    const reply = await client.get('/', `Authorization: ${one}`, `authorization: ${two}`)
    expect(reply.status).toBe(401)
    using other = await RawClient.connect(forward.port)
    const target = `http://${origin.authority}/`
    const fields = [`Proxy-Authorization: ${one}`, `Proxy-Authorization: ${two}`]
    expect((await other.get(target, ...fields)).status).toBe(407)
  }
  expect(origin.seen).toHaveLength(0)
})

test('forward: 407 without a dial for requests and CONNECT; only Authorization is forwarded', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(forwardTo({ auth }))
  const target = `http://${origin.authority}/`
  using client = await RawClient.connect(proxy.port)
  for (const field of ['X-None: 1', `Authorization: ${right}`, `Proxy-Authorization: ${wrong[0]}`]) {
    const response = await client.get(target, field)
    expect(response.status).toBe(407)
    expect(response.all('proxy-authenticate')).toEqual(['Basic realm="the \\"door\\"", charset="UTF-8"'])
    using tunnel = await RawClient.connect(proxy.port)
    tunnel.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`, field)
    expect((await tunnel.response()).status).toBe(407)
    await tunnel.ended()
  }
  expect(origin.accepted).toBe(0)
  await client.get(target, `Proxy-Authorization: ${right}`, 'Authorization: Bearer theirs')
  expect(origin.last.all('proxy-authorization')).toEqual([])
  expect(origin.last.all('authorization')).toEqual(['Bearer theirs'])
  using tunnel = await RawClient.connect(proxy.port)
  tunnel.head(
    `CONNECT ${origin.authority} HTTP/1.1`,
    `Host: ${origin.authority}`,
    `Proxy-Authorization: ${right}`,
  )
  expect((await tunnel.responseHead()).status).toBe(200)
  expect((await tunnel.get('/through')).status).toBe(200)
})

test('static: 401 for missing files too, and protected files are not kept by shared caches', async () => {
  await using proxy = await startEdge(filesIn([site], { auth }))
  using client = await RawClient.connect(proxy.port)
  for (const path of ['/files/', '/files/none', '/elsewhere'])
    expect((await client.get(path)).status).toBe(401)
  const page = await client.get('/files/style.css', `Authorization: ${right}`)
  expect([page.status, page.get('cache-control')]).toEqual([200, 'private, max-age=3600'])
  expect((await client.get('/files/none', `Authorization: ${right}`)).status).toBe(404)
})

test('an Upgrade needs the password too', async () => {
  await using origin = await startOrigin()
  const echo = new WebSocketServer({ server: origin.server as Server })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { auth }))
  const url = `ws://127.0.0.1:${proxy.port}/`
  const refused = new WebSocket(url)
  const [error] = await once(refused, 'error')
  expect(String(error)).toContain('401')
  expect(origin.accepted).toBe(0)
  const socket = new WebSocket(url, { headers: { Authorization: right } })
  await once(socket, 'open')
  socket.close()
  await once(socket, 'close')
  echo.close()
})

test('each service of a combined worker has its own authentication', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge([
    forwardTo({ auth }),
    reverseTo(`http://${origin.authority}`),
    filesIn([site], { auth: { users: [{ name: 'bob', password: plain('x') }] } }),
  ])
  using client = await RawClient.connect(proxy.port)
  expect((await client.get(`http://${origin.authority}/`)).status).toBe(407)
  expect((await client.get('/')).status).toBe(200)
  expect((await client.get('/files/', `Authorization: ${right}`)).status).toBe(401)
  expect((await client.get('/files/', `Authorization: ${basic('bob:x')}`)).status).toBe(200)
  expect(proxy.counters('forward')).toMatchObject({ requestsTotal: 1, requestsFailed: 0 })
})

test('pipelined requests are answered in their order, each by its own password', async () => {
  await using origin = await startOrigin((req, res) => res.end(req.url))
  const bcrypt = { form: 'bcrypt', text: hashSync('slow', 8) } as const
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { auth: { users: [{ name: 'carol', password: bcrypt }] } }),
  )
  using client = await RawClient.connect(proxy.port)
  for (const [path, password] of [
    ['/1', 'slow'],
    ['/2', 'bad'],
    ['/3', 'slow'],
  ] as const) {
    client.head(`GET ${path} HTTP/1.1`, 'Host: a', `Authorization: ${basic(`carol:${password}`)}`)
  }
  const statuses = [await client.response(), await client.response(), await client.response()]
  expect(statuses.map(({ status }) => status)).toEqual([200, 401, 200])
  expect(origin.seen.map(({ url }) => url)).toEqual(['/1', '/3'])
})

test('a request with a body is served whole after its password was compared', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(await seen.body))
  const bcrypt = { form: 'bcrypt', text: hashSync('slow', 8) } as const
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { auth: { users: [{ name: 'carol', password: bcrypt }] } }),
  )
  using client = await RawClient.connect(proxy.port)
  const body = 'x'.repeat(200_000)
  client.head(
    'POST / HTTP/1.1',
    'Host: a',
    `Content-Length: ${body.length}`,
    `Authorization: ${basic('carol:slow')}`,
  )
  client.send(body)
  expect((await client.response()).text).toBe(body)
})

test('a client that leaves while its password is compared leaves nothing behind', async () => {
  await using origin = await startOrigin()
  const bcrypt = { form: 'bcrypt', text: hashSync('slow', 10) } as const
  const users = [{ name: 'carol', password: bcrypt }]
  const field = `Authorization: ${basic('carol:slow')}`
  await using proxy = await startEdge([
    reverseTo(`http://${origin.authority}`, { auth: { users } }),
    forwardTo({ auth: { users } }),
  ])
  const request = await RawClient.connect(proxy.port)
  request.head('GET / HTTP/1.1', 'Host: a', field)
  const tunnel = await RawClient.connect(proxy.port)
  tunnel.head(`CONNECT ${origin.authority} HTTP/1.1`, 'Host: a', `Proxy-${field}`)
  await until(
    'both are accepted',
    () => proxy.accepted.length === 2 && proxy.accepted.every((one) => one.bytesRead > 0),
  )
  for (const socket of proxy.accepted) socket.destroy()
  request.destroy()
  tunnel.destroy()
  await until('the exchanges are over', () => {
    const { requestsTotal: reverse } = proxy.counters('reverse')
    return reverse + proxy.counters('forward').requestsTotal === 2
  })
  expect(origin.accepted).toBe(0)
  expect(proxy.edge.open).toBe(0)
})

test('no log contains the password of a failed exchange', async () => {
  await using origin = await startOrigin()
  await origin.close()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, { auth }))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/', `Authorization: ${right}`, 'Cookie: s=1')).status).toBe(502)
  const logged = JSON.stringify(proxy.logged)
  for (const secret of ['sesame', right.slice(6), 's=1']) expect(logged).not.toContain(secret)
})

test('HTTP/2: streams and CONNECT need the password, and a refused stream does not affect the others', async () => {
  await using origin = await startOrigin()
  const tuning = { auth, requestId: { inResponse: true } }
  await using proxy = await startEdge([forwardTo(tuning), reverseTo(`http://${origin.authority}`, tuning)], {
    cleartext: 'h2',
  })
  using client = await H2Client.connect(proxy.port)
  const refused = await client.get('/')
  expect(refused.status).toBe(401)
  expect(refused.headers['www-authenticate']).toContain('Basic')
  const head = { ':method': 'CONNECT', ':authority': origin.authority }
  const [noTunnel] = await once(client.request(head), 'response')
  expect(noTunnel).toMatchObject({ ':status': 407, 'x-request-id': expect.any(String) })
  expect(origin.accepted).toBe(0)
  expect((await client.get('/', { authorization: right })).status).toBe(200)
  expect(origin.last.all('authorization')).toEqual([])
  const tunnel = client.request({ ...head, 'proxy-authorization': right })
  const [accepted] = await once(tunnel, 'response')
  expect(accepted).toMatchObject({ ':status': 200, 'x-request-id': expect.any(String) })
  tunnel.write('GET /through HTTP/1.1\r\nHost: a\r\n\r\n')
  expect(String((await once(tunnel, 'data'))[0])).toContain('HTTP/1.1 200')
  tunnel.close()
})
