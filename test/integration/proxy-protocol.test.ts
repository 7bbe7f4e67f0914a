import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../kit/clients/raw-client.ts'
import { ask } from '../kit/clients/tls-client.ts'
import { startTestDaemon } from '../kit/daemons/daemon.ts'
import { startTlsDaemon } from '../kit/daemons/tls-daemon.ts'
import { startOrigin } from '../kit/origins/origin.ts'
import { until } from '../kit/waiting/until.ts'

const line = 'PROXY TCP4 192.0.2.7 192.0.2.1 1000 443\r\n'

const start = (target: string, trusted: readonly string[], worker: object = {}, isolation = 'shared') =>
  startTestDaemon({
    mode: 'Reverse',
    workers: {
      reverse_proxy: {
        target,
        isolation,
        listeners: [{ address: '127.0.0.1:0', proxy_protocol: { trusted } }],
        ...worker,
      },
    },
  })

describe.each(['thread', 'process', 'shared'])('a PROXY header with isolation %s', (isolation) => {
  test('sets the client address that the upstream receives', async () => {
    await using origin = await startOrigin()
    await using proxy = await start(`http://${origin.authority}`, ['127.0.0.0/8'], {}, isolation)
    using client = await RawClient.connect(proxy.port('reverse_proxy'))
    client.send(line)
    expect((await client.get('/a')).status).toBe(200)
    expect((await client.get('/b')).status).toBe(200)
    expect(origin.seen.map((seen) => seen.get('x-forwarded-for'))).toEqual(['192.0.2.7', '192.0.2.7'])
  })
})

describe('a PROXY header', () => {
  test('may arrive in pieces, and the request follows it', async () => {
    await using origin = await startOrigin()
    await using proxy = await start(`http://${origin.authority}`, ['127.0.0.1'])
    using client = await RawClient.connect(proxy.port('reverse_proxy'))
    client.socket.setNoDelay(true)
    const body = 'x'.repeat(100_000)
    const bytes = `${line}POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    for (const [from, to] of [
      [0, 3],
      [3, 20],
      [20, line.length + 9],
      [line.length + 9, bytes.length],
    ] as const) {
      client.send(bytes.slice(from, to))
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect((await client.response()).status).toBe(200)
    expect((await origin.last.body).toString()).toBe(body)
  })

  test('comes before TLS', async () => {
    await using origin = await startOrigin()
    await using daemon = await startTlsDaemon(`http://${origin.authority}`, {
      isolation: 'thread',
      listener: { proxy_protocol: { trusted: ['127.0.0.1'] } },
    })
    const raw = connect(daemon.port, '127.0.0.1')
    raw.write(line)
    const secure = connectTls({ socket: raw, rejectUnauthorized: false })
    expect(await ask(secure, 'GET /x HTTP/1.1', 'Host: a')).toMatch(/^HTTP\/1\.1 200/)
    expect(origin.last.get('x-forwarded-for')).toBe('192.0.2.7')
    expect(origin.last.get('x-forwarded-proto')).toBe('https')
  })

  test.each([
    ['from a peer that is not trusted', ['10.0.0.0/8'], line],
    ['replaced by a request', ['127.0.0.1'], 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['that never arrives', ['127.0.0.1'], ''],
    ['that never ends', ['127.0.0.1'], 'PROXY TCP4 '],
  ])('%s: the connection is closed without a response, and counted', async (_, trusted, bytes) => {
    await using origin = await startOrigin()
    await using proxy = await start(`http://${origin.authority}`, trusted, { timeouts: { header_secs: 0.3 } })
    using client = await RawClient.connect(proxy.port('reverse_proxy'))
    client.send(bytes)
    await client.ended()
    expect(client.pending.length).toBe(0)
    expect(origin.seen.length).toBe(0)
    const counters = () => proxy.daemon.overview.counters('reverse_proxy')
    await until('it is gone', () => counters()?.connectionsActive === 0)
    expect(counters()).toMatchObject({ proxyHeadersRejected: 1, connectionsTotal: 1 })
  })

  test('counts towards the connection limit of the client that it names', async () => {
    await using origin = await startOrigin()
    await using proxy = await start(`http://${origin.authority}`, ['127.0.0.1'], {
      max_connections_per_client: 1,
    })
    const visit = async (from: string) => {
      const client = await RawClient.connect(proxy.port('reverse_proxy'))
      client.send(`PROXY TCP4 ${from} 192.0.2.1 1000 443\r\n`)
      return { client, status: (await client.get('/')).status }
    }
    const first = await visit('192.0.2.7')
    const second = await visit('192.0.2.7')
    const other = await visit('192.0.2.8')
    expect([first.status, second.status, other.status]).toEqual([200, 503, 200])
    first.client.destroy()
    const active = () => proxy.daemon.overview.counters('reverse_proxy')?.connectionsActive
    second.client.destroy()
    await until('they are gone', () => active() === 1)
    const again = await visit('192.0.2.7')
    expect(again.status).toBe(200)
    for (const { client } of [other, again]) client.destroy()
  })

  test('names an IPv4-mapped client by its IPv4 address, for access lists and for the upstream', async () => {
    await using origin = await startOrigin()
    const deny = { access: { deny: ['127.0.0.3'] } }
    await using proxy = await start(`http://${origin.authority}`, ['127.0.0.1'], deny)
    const visit = async (lastByte: string): Promise<number> => {
      using client = await RawClient.connect(proxy.port('reverse_proxy'))
      const client6 = `00000000000000000000ffff7f0000${lastByte}`
      client.send(Buffer.from(`0d0a0d0a000d0a515549540a21210024${client6}${'00'.repeat(16)}03e801bb`, 'hex'))
      return (await client.get('/')).status
    }
    expect([await visit('03'), await visit('04')]).toEqual([403, 200])
    expect(origin.seen.map((seen) => seen.get('x-forwarded-for'))).toEqual(['127.0.0.4'])
  })

  test('without an address leaves the peer address unchanged', async () => {
    await using origin = await startOrigin()
    await using proxy = await start(`http://${origin.authority}`, ['127.0.0.1'])
    using client = await RawClient.connect(proxy.port('reverse_proxy'))
    client.send('PROXY UNKNOWN\r\n')
    expect((await client.get('/')).status).toBe(200)
    expect(origin.last.get('x-forwarded-for')).toBe('127.0.0.1')
  })
})
