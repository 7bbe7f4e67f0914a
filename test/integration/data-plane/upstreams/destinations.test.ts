import { createServer, type LookupFunction } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { answerOf, H2Client } from '../../../kit/clients/h2-client.ts'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../../kit/origins/origin.ts'
import { clientOf, serverOf, untilCounted } from '../../../kit/telemetry/request-metrics.ts'

/** Every kind of request through a forward proxy, each to `host:port`. */
const ways = {
  'an http: URL': (authority: string) => [`GET http://${authority}/x HTTP/1.1`, 'Host: a'],
  'an https: URL': (authority: string) => [`GET https://${authority}/x HTTP/1.1`, 'Host: a'],
  CONNECT: (authority: string) => [`CONNECT ${authority} HTTP/1.1`, 'Host: a'],
  'a WebSocket': (authority: string) => [
    `GET http://${authority}/x HTTP/1.1`,
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ],
  'a WebSocket over TLS': (authority: string) => [
    `GET https://${authority}/x HTTP/1.1`,
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ],
} as const

type Way = keyof typeof ways
const everyWay = Object.keys(ways) as Way[]

const everyPort = ['1-65535']

/** A resolver that returns the answers of a list in turn, then repeats the last one; it counts its calls. */
function resolver(...answers: readonly (readonly string[])[]) {
  const asked: string[] = []
  const lookup: LookupFunction = (host, options, done) => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(host)
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    if (options.all === true) process.nextTick(() => done(null, found))
    else process.nextTick(() => done(null, found[0]?.address ?? '', found[0]?.family))
  }
  return { asked, lookup }
}

async function ask(port: number, way: Way, authority: string) {
  using client = await RawClient.connect(port)
  client.head(...ways[way](authority))
  const head = way === 'CONNECT' ? await client.responseHead() : await client.response()
  return { status: head.status, text: 'text' in head ? head.text : '' }
}

/** Spellings of this machine that Node itself would dial without resolving a name. */
const literals = [
  '127.0.0.1',
  '127.0.0.2',
  '0.0.0.0',
  '[::1]',
  '[::]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7F00:1]',
  '[::127.0.0.1]',
] as const

describe.each(everyWay)('%s', (way) => {
  test('to this machine is refused by default, and nothing is dialled', async () => {
    await using origin = await startOrigin()
    await using proxy = await startEdge(forwardTo({ destinations: { connect_ports: everyPort } }))
    for (const literal of literals) {
      using client = await RawClient.connect(proxy.port)
      client.head(...ways[way](`${literal}:${origin.port}`))
      const answer = await client.response()
      expect([literal, answer.status]).toEqual([literal, 403])
      expect(answer.text).toBe(
        'FORBIDDEN_DESTINATION: This proxy does not connect to this destination (workers.forward_proxy.destinations.allow and deny).\n',
      )
    }
    expect(origin.accepted).toBe(0)
    expect(proxy.counters()).toMatchObject({ requestsTotal: literals.length, requestsFailed: 0 })
    expect(proxy.records.map(({ code }) => code)).toEqual(literals.map(() => 'FORBIDDEN_DESTINATION'))
    const reasons = proxy.logged.map(({ fields }) => String(fields?.['cause']))
    expect(reasons[0]).toBe('127.0.0.1 is a loopback address (workers.forward_proxy.destinations.allow)')
  })

  test('to a name of this machine is refused for each of its addresses', async () => {
    await using origin = await startOrigin()
    const { asked, lookup } = resolver(['127.0.0.1', '::1', '0.0.0.0', '::ffff:127.0.0.1'])
    const destinations = { allow: ['inside.test'], connect_ports: everyPort }
    await using proxy = await startEdge(forwardTo({ destinations }), {
      surroundings: { ownPorts: [], lookup },
    })
    for (const name of ['outside.test', 'inside.test'])
      expect(await ask(proxy.port, way, `${name}:${origin.port}`)).toMatchObject({ status: 403 })
    expect(asked).toEqual(['outside.test', 'inside.test'])
    expect(origin.accepted).toBe(0)
  })

  test('to a name with a changing address is checked at each dial', async () => {
    await using origin = await startOrigin((_req, res) => res.setHeader('Connection', 'close').end('hello'))
    const secret = createServer((socket) => socket.destroy())
    let reached = 0
    secret.on('connection', () => (reached += 1))
    await new Promise<void>((resolve) => secret.listen(origin.port, '127.0.0.2', resolve))
    onTestFinished(() => void secret.close())
    const { asked, lookup } = resolver(['127.0.0.1'], ['127.0.0.2'])
    const destinations = { allow: ['127.0.0.1'], connect_ports: everyPort }
    await using proxy = await startEdge(forwardTo({ destinations }), {
      surroundings: { ownPorts: [], lookup },
    })
    const authority = `rebind.test:${origin.port}`
    // It may fail later, by TLS or as a WebSocket, but it is not refused.
    expect((await ask(proxy.port, way, authority)).status).not.toBe(403)
    expect(origin.accepted).toBe(1)
    expect((await ask(proxy.port, way, authority)).status).toBe(403)
    // One look-up per dial: the checked address is the dialled one.
    expect(asked).toEqual(['rebind.test', 'rebind.test'])
    expect([origin.accepted, reached]).toEqual([1, 0])
  })

  test('to a denied name is refused before it is resolved', async () => {
    const { asked, lookup } = resolver(['127.0.0.1'])
    const destinations = { allow: ['127.0.0.0/8'], deny: ['*.bad.test'], connect_ports: everyPort }
    await using proxy = await startEdge(forwardTo({ destinations }), {
      surroundings: { ownPorts: [], lookup },
    })
    for (const name of ['a.bad.test', 'A.BAD.test', 'a.b.bad.test.'])
      expect(await ask(proxy.port, way, `${name}:80`)).toMatchObject({ status: 403 })
    expect(asked).toEqual([])
  })

  test('uses only the addresses of a name that are not refused', async () => {
    await using origin = await startOrigin()
    new WebSocketServer({ server: origin.server as never })
    const { lookup } = resolver(['127.0.0.2', '::1', '127.0.0.1'])
    const destinations = { allow: ['127.0.0.1'], connect_ports: everyPort }
    await using proxy = await startEdge(forwardTo({ destinations }), {
      surroundings: { ownPorts: [], lookup },
    })
    expect((await ask(proxy.port, way, `some.test:${origin.port}`)).status).not.toBe(403)
    expect(origin.accepted).toBe(1)
  })

  test('to a listener of this daemon needs an entry with its port', async () => {
    await using origin = await startOrigin()
    const surroundings = { ownPorts: [origin.port] }
    const wide = { allow: ['127.0.0.0/8', '[::1]'], connect_ports: everyPort }
    const opened = { ...wide, allow: [...wide.allow, `127.0.0.1:${origin.port}`] }
    await using closed = await startEdge(forwardTo({ destinations: wide }), { surroundings })
    expect(await ask(closed.port, way, `127.0.0.1:${origin.port}`)).toMatchObject({ status: 403 })
    expect(origin.accepted).toBe(0)
    await using open = await startEdge(forwardTo({ destinations: opened }), { surroundings })
    expect((await ask(open.port, way, `127.0.0.1:${origin.port}`)).status).not.toBe(403)
    expect(origin.accepted).toBe(1)
  })
})

test('a request with a body is refused, and its connection stays usable', async () => {
  await using proxy = await startEdge(forwardTo({ destinations: {} }))
  using client = await RawClient.connect(proxy.port)
  for (const _ of [1, 2]) {
    client.head('POST http://127.0.0.1:9/ HTTP/1.1', 'Host: a', 'Content-Length: 5').send('hello')
    expect((await client.response()).status).toBe(403)
  }
})

test('reusing a kept connection resolves no name, as it was checked when it was dialled', async () => {
  await using origin = await startOrigin()
  const { asked, lookup } = resolver(['127.0.0.1'], ['127.0.0.2'])
  const destinations = { allow: ['127.0.0.1'] }
  await using proxy = await startEdge(forwardTo({ destinations }), { surroundings: { ownPorts: [], lookup } })
  using client = await RawClient.connect(proxy.port)
  for (const _ of [1, 2, 3]) expect((await client.get(`http://kept.test:${origin.port}/`)).text).toBe('hello')
  expect(asked).toEqual(['kept.test'])
  expect(origin.accepted).toBe(1)
})

test('CONNECT has its own list of ports, and the answer names its key', async () => {
  await using origin = await startRawOrigin(() => {})
  await using proxy = await startEdge(forwardTo({ destinations: { allow: ['127.0.0.1'] } }))
  using client = await RawClient.connect(proxy.port)
  client.head(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1`, 'Host: a')
  const answer = await client.response()
  expect(answer.status).toBe(403)
  expect(answer.text).toBe(
    'FORBIDDEN_PORT: CONNECT to this port is not allowed (workers.forward_proxy.destinations.connect_ports).\n',
  )
  expect(origin.accepted).toBe(0)
})

test('over HTTP/2 a request and a tunnel are refused, and the connection stays open', async () => {
  await using origin = await startOrigin()
  const destinations = { connect_ports: everyPort }
  await using proxy = await startEdge(forwardTo({ destinations }), { cleartext: 'h2' })
  using client = await H2Client.connect(proxy.port)
  const tunnel = client.request({ ':method': 'CONNECT', ':authority': origin.authority })
  expect(await answerOf(tunnel)).toMatchObject({ status: 403, isWhole: true })
  expect(origin.accepted).toBe(0)
  expect(client.isClosed).toBe(false)
})

test('a refusal appears in the upstream metrics by its code, and not as a failure of the proxy', async () => {
  await using proxy = await startEdge(forwardTo({ destinations: {} }))
  using client = await RawClient.connect(proxy.port)
  await client.get('http://127.0.0.1:9/')
  await untilCounted(proxy, 1)
  expect(clientOf(proxy)).toMatchObject([{ attributes: { 'error.type': 'FORBIDDEN_DESTINATION' } }])
  expect(serverOf(proxy)).toMatchObject([{ attributes: { 'http.response.status_code': '403' } }])
  expect(serverOf(proxy)[0]?.attributes).not.toHaveProperty('error.type')
  expect(proxy.counters()).toMatchObject({ requestsTotal: 1, requestsFailed: 0 })
})
