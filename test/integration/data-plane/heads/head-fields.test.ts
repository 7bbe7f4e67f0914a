import { expect, test } from 'vitest'
import { H2Client } from '../../../kit/clients/h2-client.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startRawOrigin, startScriptedOrigin, unusedPort } from '../../../kit/origins/origin.ts'

/**
 * Fields that every response must have: Upgrade of a 426, Date, and the informational responses before it.
 */
const upgrade = ['Host: client.test', 'Connection: Upgrade', 'Upgrade: websocket']

const required = `HTTP/1.1 426 Upgrade Required
Upgrade: websocket
Upgrade: TLS/1.3
Connection: Upgrade, X-Hop
X-Hop: 1
Content-Length: 2

no`.replaceAll('\n', '\r\n')

test('a 426 keeps Upgrade and names it in Connection, and the connection stays open', async () => {
  await using origin = await startScriptedOrigin(required)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  for (let at = 0; at < 2; at += 1) {
    const head = await client.get('/')
    expect(head).toMatchObject({ status: 426, text: 'no' })
    expect(head.all('upgrade')).toEqual(['websocket, TLS/1.3'])
    expect(head.all('connection')).toEqual(['Upgrade'])
    expect(head.all('x-hop')).toEqual([])
  }
})

test.each([
  ['asks for it', 'HTTP/1.1', ['Host: a', 'Connection: close']],
  ['speaks HTTP/1.0', 'HTTP/1.0', ['Connection: keep-alive']],
])('a 426 ends the connection of a client that %s', async (_, version, fields) => {
  await using origin = await startScriptedOrigin(required)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head(`GET / ${version}`, ...fields)
  const head = await client.response()
  expect(head.all('upgrade')).toEqual(['websocket, TLS/1.3'])
  expect(head.all('connection')).toEqual(['close, Upgrade'])
  await client.ended()
})

test('a 426 that declines an upgrade keeps Upgrade', async () => {
  await using origin = await startScriptedOrigin(required)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', ...upgrade)
  const head = await client.response()
  expect(head.all('upgrade')).toEqual(['websocket, TLS/1.3'])
  expect(head.all('connection')).toEqual(['close, Upgrade'])
  expect(head.all('x-hop')).toEqual([])
})

test('no other response keeps Upgrade, and HTTP/2 responses never have it', async () => {
  await using other = await startScriptedOrigin(required.replace('426 Upgrade Required', '200 OK'))
  await using proxy = await startEdge(reverseTo(`http://${other.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).all('upgrade')).toEqual([])
  await using origin = await startScriptedOrigin(required)
  await using front = await startEdge(reverseTo(`http://${origin.authority}`), { cleartext: 'h2' })
  using stream = await H2Client.connect(front.port)
  const answer = await stream.get('/')
  expect(answer).toMatchObject({ status: 426, text: 'no' })
  expect(answer.headers).not.toHaveProperty('upgrade')
  expect(answer.headers).not.toHaveProperty('connection')
})

const isDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

test("a declined upgrade has a Date, the upstream's own if it sent one", async () => {
  for (const [field, expected] of [
    ['', isDate],
    ['Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n', /^Mon, 01 Jan 2024 00:00:00 GMT$/],
  ] as const) {
    await using origin = await startScriptedOrigin(`HTTP/1.1 403 No\r\n${field}Content-Length: 0\r\n\r\n`)
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', ...upgrade)
    const dates = (await client.response()).all('date')
    expect(dates.length).toBe(1)
    expect(dates[0]).toMatch(expected)
  }
})

test('every answer of the proxy has one Date, except the 200 of a CONNECT', async () => {
  await using origin = await startScriptedOrigin('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  await using proxy = await startEdge(forwardTo())
  const closed = await unusedPort()
  const heads: readonly (readonly [number, readonly string[]])[] = [
    [200, [`GET http://${origin.authority}/ HTTP/1.1`, 'Host: a']],
    [400, ['no request']],
    [400, ['GET / HTTP/1.1', 'Host: a']],
    [400, ['CONNECT / HTTP/1.1', 'Host: a']],
    [431, ['GET / HTTP/1.1', 'Host: a', `X-Long: ${'x'.repeat(20_000)}`]],
    [502, [`CONNECT 127.0.0.1:${closed} HTTP/1.1`, 'Host: a']],
    [502, [`GET http://127.0.0.1:${closed}/ HTTP/1.1`, ...upgrade]],
    [502, [`GET http://127.0.0.1:${closed}/ HTTP/1.1`, 'Host: a']],
    [505, ['GET / HTTP/3.0', 'Host: a']],
  ]
  for (const [status, head] of heads) {
    using client = await RawClient.connect(proxy.port)
    client.head(...head)
    const got = await client.responseHead()
    expect(got.status, head[0]).toBe(status)
    expect(got.all('date').length, head[0]).toBe(1)
    expect(got.get('date'), head[0]).toMatch(isDate)
  }
})

test("an HTTP/2 response has one Date, the upstream's own if it sent one", async () => {
  let field = ''
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', () => socket.end(`HTTP/1.1 200 OK\r\n${field}Content-Length: 0\r\n\r\n`))
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { cleartext: 'h2' })
  using client = await H2Client.connect(proxy.port)
  expect((await client.get('/')).headers['date']).toMatch(isDate)
  field = 'Date: Mon, 01 Jan 2024 00:00:00 GMT\r\n'
  expect((await client.get('/')).headers['date']).toBe('Mon, 01 Jan 2024 00:00:00 GMT')
})

const early = (status: number, at: number, size = 0) =>
  `HTTP/1.1 ${status} Early\r\nX-At: ${at}\r\nX-Fill: ${'x'.repeat(size)}\r\n\r\n`

test('large informational responses arrive whole and in order', async () => {
  const count = 10
  const hints = Array.from({ length: count }, (_, at) => early(103, at, 15_000)).join('')
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', () => socket.write(`${hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`))
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  for (let at = 0; at < count; at += 1) {
    const hint = await client.responseHead()
    expect([hint.status, hint.get('x-at')]).toEqual([103, String(at)])
  }
  expect(await client.response()).toMatchObject({ status: 200, text: 'ok' })
})

test('all informational responses are forwarded, except to HTTP/1.0', async () => {
  const answer = `${early(102, 0)}${early(100, 1)}${early(104, 2)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`
  await using origin = await startScriptedOrigin(answer)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  for (const status of [102, 100, 104, 200]) expect((await client.response()).status).toBe(status)
  using old = await RawClient.connect(proxy.port)
  old.head('GET / HTTP/1.0')
  expect((await old.response()).status).toBe(200)
})

test('informational responses before a switch or another answer are forwarded', async () => {
  for (const [status, last] of [
    [101, 'HTTP/1.1 101 Yes\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    [403, 'HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'],
  ] as const) {
    await using origin = await startScriptedOrigin(`${early(103, 0)}${early(100, 1)}${last}`)
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', ...upgrade)
    const hint = await client.responseHead()
    expect([hint.status, hint.get('x-at')]).toEqual([103, '0'])
    expect((await client.responseHead()).status).toBe(status)
  }
})

test('an upstream that sends informational responses without end gives a 502', async () => {
  const hints = Array.from({ length: 40 }, (_, at) => early(103, at)).join('')
  for (const fields of [['Host: a'], upgrade]) {
    await using origin = await startScriptedOrigin(hints, { keepOpen: true })
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', ...fields)
    let head = await client.responseHead()
    for (let at = 0; at < 40 && head.status === 103; at += 1) head = await client.responseHead()
    expect(head.status).toBe(502)
  }
})
