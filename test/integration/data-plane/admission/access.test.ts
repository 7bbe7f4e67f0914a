import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { filesIn, forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../../kit/origins/origin.ts'

const deny = { access: { deny: ['127.0.0.2'] } }
const site = {
  path: '/files',
  rootDir: 'config/site',
  spaMode: false,
  spaFallbackFile: 'index.html',
  indexFiles: ['index.html'],
}
const from = (port: number, address: string) => RawClient.connect(port, '127.0.0.1', address)

async function status(port: number, address: string, target: string, ...fields: string[]): Promise<number> {
  using client = await from(port, address)
  return (await client.get(target, ...fields)).status
}

test('reverse: a denied client gets 403 and reaches no upstream, other clients are served', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, deny))
  using client = await from(proxy.port, '127.0.0.2')
  const response = await client.get('/')
  expect(response.status).toBe(403)
  expect(response.text).toContain('Access from this address is not allowed.')
  expect(origin.seen).toHaveLength(0)
  expect(await status(proxy.port, '127.0.0.3', '/')).toBe(200)
})

test('forward: requests and CONNECT of a denied client are refused, and nothing is dialled', async () => {
  await using origin = await startRawOrigin((socket) => socket.end())
  await using proxy = await startEdge(forwardTo(deny))
  expect(await status(proxy.port, '127.0.0.2', `http://${origin.authority}/`)).toBe(403)
  using client = await from(proxy.port, '127.0.0.2')
  client.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
  expect((await client.response()).status).toBe(403)
  await client.ended()
  expect(origin.accepted).toBe(0)
  expect(proxy.counters()).toMatchObject({ tunnelsTotal: 0, requestsTotal: 2, requestsFailed: 0 })
})

test('static: a denied client cannot tell existing files from missing ones', async () => {
  await using proxy = await startEdge(filesIn([site], deny))
  for (const target of ['/files/', '/files/none', '/elsewhere']) {
    expect(await status(proxy.port, '127.0.0.2', target), target).toBe(403)
  }
  expect(await status(proxy.port, '127.0.0.1', '/files/')).toBe(200)
})

test('an Upgrade of a denied client is refused', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, deny))
  using client = await from(proxy.port, '127.0.0.2')
  client.head(
    'GET / HTTP/1.1',
    'Host: a.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  )
  expect((await client.response()).status).toBe(403)
  expect(origin.accepted).toBe(0)
})

test('each service of a combined worker has its own access list', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge([
    forwardTo({ access: { allow: ['127.0.0.1'] } }),
    reverseTo(`http://${origin.authority}`),
    filesIn([site], { access: { allow: ['127.0.0.3'] } }),
  ])
  const statuses = async (address: string) => [
    await status(proxy.port, address, `http://${origin.authority}/`),
    await status(proxy.port, address, '/'),
    await status(proxy.port, address, '/files/'),
  ]
  expect(await statuses('127.0.0.1')).toEqual([200, 200, 403])
  expect(await statuses('127.0.0.2')).toEqual([403, 200, 403])
  expect(await statuses('127.0.0.3')).toEqual([403, 200, 200])
})

test('the access list applies to the client named by a trusted proxy, but not by other peers', async () => {
  await using origin = await startOrigin()
  const trust = { proxies: ['127.0.0.9'] }
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { trust, access: { deny: ['192.0.2.0/24'] } }),
  )
  const named = (address: string, client: string) =>
    status(proxy.port, address, '/', `X-Forwarded-For: ${client}`)
  expect(await named('127.0.0.9', '192.0.2.1')).toBe(403)
  expect(await named('127.0.0.9', '192.0.2.1, 10.0.0.1')).toBe(200)
  expect(await named('127.0.0.9', '10.0.0.1, 192.0.2.1')).toBe(403)
  expect(await named('127.0.0.2', '192.0.2.1')).toBe(200)
})

test("a trusted proxy's connection stays usable after one of its clients is refused", async () => {
  await using origin = await startOrigin()
  const trust = { proxies: ['127.0.0.9'] }
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { trust, access: { deny: ['192.0.2.0/24'] } }),
  )
  using client = await from(proxy.port, '127.0.0.9')
  expect((await client.get('/', 'X-Forwarded-For: 192.0.2.1')).status).toBe(403)
  expect((await client.get('/', 'X-Forwarded-For: 192.0.3.1')).status).toBe(200)
})

test.each([
  ['x_forwarded', 'X-Forwarded-For: 192.0.2.1,', 403],
  ['x_forwarded', 'X-Forwarded-For: 192.0.2.1:80, ,', 403],
  ['x_forwarded', 'X-Forwarded-For: ::ffff:192.0.2.1', 403],
  ['x_forwarded', 'X-Forwarded-For: 10.0.0.1, rubbish, 192.0.2.1', 403],
  ['x_forwarded', 'X-Forwarded-For: rubbish', 400],
  ['x_forwarded', 'X-Forwarded-For: 192.0.2.1, rubbish', 400],
  ['x_forwarded', 'X-Forwarded-For: 192.0.2.1, 192.0.2.256', 400],
  ['x_forwarded', 'X-Forwarded-For:', 400],
  ['forwarded', 'Forwarded: for=192.0.2.1,', 403],
  ['forwarded', 'Forwarded: for="open, FOR="192.0.2.1:80"', 403],
  ['forwarded', 'Forwarded: for="[::FFFF:192.0.2.1]"', 403],
  ['forwarded', 'Forwarded: for=192.0.2.1;for=10.0.0.1', 400],
  ['forwarded', 'Forwarded: for=192.0.2.1, for="open', 400],
  ['forwarded', 'Forwarded: rubbish', 400],
  ['forwarded', 'Forwarded:', 400],
] as const)(
  'a malformed field of a trusted proxy does not make the proxy the client: %s, %s',
  async (...row) => {
    const [believes, field, expected] = row
    await using origin = await startOrigin()
    const trust = { proxies: ['127.0.0.9'], believes }
    await using proxy = await startEdge(
      reverseTo(`http://${origin.authority}`, { trust, access: { deny: ['192.0.2.0/24'] } }),
    )
    expect(await status(proxy.port, '127.0.0.9', '/', field)).toBe(expected)
    expect(origin.seen).toHaveLength(0)
    // The field of an untrusted peer is dropped, valid or not.
    expect(await status(proxy.port, '127.0.0.2', '/', field)).toBe(200)
    if (expected === 400)
      expect(proxy.records[0]).toMatchObject({ code: 'BAD_FORWARDED', client: '127.0.0.9' })
  },
)

test.each(['CONNECT', 'WebSocket'])(
  '%s gets a 400 if the field of a trusted proxy has no valid name',
  async (kind) => {
    await using origin = await startOrigin()
    const tuning = { trust: { proxies: ['127.0.0.1'] } }
    await using proxy = await startEdge([forwardTo(tuning), reverseTo(`http://${origin.authority}`, tuning)])
    using client = await RawClient.connect(proxy.port)
    const lines =
      kind === 'CONNECT'
        ? [`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`]
        : [
            'GET / HTTP/1.1',
            'Host: a.test',
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
          ]
    client.head(...lines, 'X-Forwarded-For: nobody')
    expect((await client.response()).status).toBe(400)
    expect(origin.accepted).toBe(0)
  },
)
