/** Names that every plain object inherits, in every position that a peer controls. */
import { expect, test } from 'vitest'
import { H2Client } from '../../../kit/clients/h2-client.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { filesIn, forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startScriptedOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'
import { createSite } from '../../static/site.ts'

const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'then', 'valueOf'] as const
const lines = (value: string) => names.map((name) => `${name}: ${value}`)
const lower = names.map((name) => name.toLowerCase())
const h2 = { cleartext: 'h2' } as const

const chunked = [
  'HTTP/1.1 200 OK',
  'Transfer-Encoding: chunked',
  ...lines('field'),
  '',
  '5',
  'hello',
  '0',
  ...lines('trailer'),
  '',
  '',
].join('\r\n')

const of = (fields: Readonly<Record<string, unknown>>) =>
  Object.entries(fields).filter(([name]) => lower.includes(name))

test('fields and trailers of an upstream reach an HTTP/2 client, and the connection is kept', async () => {
  await using origin = await startScriptedOrigin(chunked, { keepOpen: true })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  for (let round = 0; round < 2; round += 1) {
    const answer = await client.get('/')
    expect(answer).toMatchObject({ status: 200, text: 'hello', isWhole: true })
    expect(of(answer.headers)).toEqual(lower.map((name) => [name, 'field']))
    expect(of(answer.trailers)).toEqual(lower.map((name) => [name, 'trailer']))
  }
  expect(origin.accepted).toBe(1)
  expect(proxy.counters()).toMatchObject({ requestsFailed: 0 })
})

test('early hints of an upstream reach an HTTP/2 client', async () => {
  const hints = ['HTTP/1.1 103 Early Hints', ...lines('hint'), '', ''].join('\r\n')
  await using origin = await startScriptedOrigin(`${hints}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using client = await H2Client.connect(proxy.port)
  const answer = await client.get('/')
  expect(answer).toMatchObject({ status: 200, isWhole: true })
  expect(of(answer.informed[0] ?? {})).toEqual(lower.map((name) => [name, 'hint']))
})

test('fields and trailers of an upstream reach an HTTP/1.1 client', async () => {
  await using origin = await startScriptedOrigin(chunked, { keepOpen: true })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const answer = await client.get('/')
  expect(answer.text).toBe('hello')
  for (const name of names) {
    expect(answer.all(name), name).toEqual(['field'])
    expect(answer.trailers, name).toContain(name)
  }
})

test('fields of a request reach the upstream, from HTTP/1.1 and HTTP/2', async () => {
  await using origin = await startOrigin()
  const rates = { rules: [{ key: 'header', header: 'constructor', limit: 1 }] } as const
  await using plain = await startEdge(reverseTo(`http://${origin.authority}`, { rates }))
  using client = await RawClient.connect(plain.port)
  expect((await client.get('/', ...lines('1'))).status).toBe(200)
  for (const name of names) expect(origin.last.all(name), name).toEqual(['1'])
  // Another value of the field has its own bucket, and so have requests without the field.
  expect((await client.get('/', 'constructor: 2')).status).toBe(200)
  expect((await client.get('/')).status).toBe(200)
  expect((await client.get('/')).status).toBe(429)

  await using streams = await startEdge(reverseTo(`http://${origin.authority}`), h2)
  using other = await H2Client.connect(streams.port)
  expect((await other.get('/', Object.fromEntries(lower.map((name) => [name, '1'])))).status).toBe(200)
  for (const name of lower) expect(origin.last.all(name), name).toEqual(['1'])
})

test.each(['HTTP/1.1 101 Switching Protocols', 'HTTP/1.1 403 Forbidden'])(
  'fields pass both ways through an upgrade: %s',
  async (status) => {
    const answer = [status, 'Connection: Upgrade', 'Upgrade: websocket', ...lines('back'), '', ''].join(
      '\r\n',
    )
    let seen = ''
    await using origin = await startScriptedOrigin(answer)
    origin.server.on('connection', (socket) => socket.on('data', (chunk) => (seen += chunk.toString())))
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head(
      'GET / HTTP/1.1',
      'Host: client.test',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...lines('there'),
    )
    const head = await client.responseHead()
    expect(head.status).toBe(Number(status.slice(9, 12)))
    for (const name of names) {
      expect(head.all(name), name).toEqual(['back'])
      expect(seen.toLowerCase(), name).toContain(`\r\n${name.toLowerCase()}: there\r\n`)
    }
    client.destroy()
    await until('the upstream connection is closed', () => origin.sockets.size === 0)
  },
)

test('inherited names work as paths, queries, hosts, extensions and users', async () => {
  await using site = createSite({ 'a.constructor': 'typed' })
  const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using files = await startEdge(filesIn([mount]))
  using client = await RawClient.connect(files.port)
  for (const name of names) {
    expect((await client.get(`/${name}/${name}.${name}?${name}=${name}`)).status, name).toBe(404)
  }
  const typed = await client.get('/a.constructor')
  expect([typed.get('content-type'), typed.text]).toEqual(['application/octet-stream', 'typed'])

  await using origin = await startOrigin()
  const users = [{ name: 'constructor', password: { form: 'plain', text: 'right' } }] as const
  await using guarded = await startEdge(reverseTo(`http://${origin.authority}`, { auth: { users } }))
  await using forward = await startEdge(forwardTo())
  using asked = await RawClient.connect(guarded.port)
  using hosted = await RawClient.connect(forward.port)
  for (const name of names) {
    const credentials = Buffer.from(`${name}:${name}`).toString('base64')
    expect((await asked.get('/', `Authorization: Basic ${credentials}`)).status, name).toBe(401)
    expect((await hosted.get(`http://${name}.invalid/`)).status, name).toBeGreaterThanOrEqual(400)
  }
  const right = Buffer.from('constructor:right').toString('base64')
  expect((await asked.get('/', `Authorization: Basic ${right}`)).status).toBe(200)
})

test('inherited names work as methods', async () => {
  await using site = createSite()
  const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
  await using proxy = await startEdge(filesIn([mount]), h2)
  using client = await H2Client.connect(proxy.port)
  for (const name of names) {
    expect(await client.get('/', { ':method': name }), name).toMatchObject({ status: 405, isWhole: true })
  }
})
