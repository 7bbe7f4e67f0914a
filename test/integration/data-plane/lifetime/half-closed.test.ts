import { describe, expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { startTestDaemon } from '../../../kit/daemons/daemon.ts'
import { filesIn, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'
import { createSite } from '../../static/site.ts'

/** More than the kernel buffers for a client that does not read. */
const size = 32 * 1024 * 1024

/** Reads a body of this size in small parts, which the client need not join. */
async function readBody(client: RawClient): Promise<void> {
  expect((await client.responseHead()).get('content-length')).toBe(String(size))
  const part = 64 * 1024
  for (let left = size; left > 0; left -= part) await client.bytes(part)
}

describe.concurrent.each([
  { over: 'TCP', isTls: false },
  { over: 'TLS', isTls: true },
])('a client that has ended its side, over $over,', ({ isTls }) => {
  const connect = (port: number) => (isTls ? RawClient.connectTls(port) : RawClient.connect(port))

  test('gets a response that arrives in pieces for three seconds', async () => {
    const pieces = 10
    await using origin = await startOrigin((_req, res) => {
      let left = pieces
      const timer = setInterval(() => {
        left -= 1
        if (left > 0) res.write('piece ')
        else res.end('piece ')
        if (left === 0) clearInterval(timer)
      }, 300)
    })
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { tls: isTls })
    using client = await connect(proxy.port)
    client.head('GET / HTTP/1.1', 'Host: a')
    client.end()
    expect((await client.response()).text).toBe('piece '.repeat(pieces))
    await client.ended()
    expect(client.isReset).toBe(false)
    await until('the connection is closed', () => proxy.edge.open === 0)
  })

  test('gets a large response that it reads late', async () => {
    await using origin = await startOrigin((_req, res) => res.end(Buffer.alloc(size)))
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`), { tls: isTls })
    using client = await connect(proxy.port)
    client.head('GET / HTTP/1.1', 'Host: a')
    client.end()
    client.socket.pause()
    await until('the origin is asked', () => origin.seen.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    client.socket.resume()
    await readBody(client)
    await client.ended()
  })

  test('gets a large file that it reads late', async () => {
    await using site = createSite()
    site.write('big.bin', Buffer.alloc(size))
    const mount = { path: '/', rootDir: site.root, spaMode: false, spaFallbackFile: 'x', indexFiles: [] }
    await using proxy = await startEdge(filesIn([mount]), { tls: isTls })
    using client = await connect(proxy.port)
    client.head('GET /big.bin HTTP/1.1', 'Host: a')
    client.end()
    client.socket.pause()
    await until('it runs', () => proxy.edge.open === 1)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    client.socket.resume()
    await readBody(client)
    await client.ended()
  })

  test('is ended with the exchange, which may have a limit', async () => {
    await using origin = await startOrigin(() => {})
    const tuning = { pace: { exchangeMs: 2_800 } }
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`, tuning), { tls: isTls })
    using client = await connect(proxy.port)
    client.head('GET / HTTP/1.1', 'Host: a')
    client.end()
    expect((await client.response()).status).toBe(504)
    await client.ended()
    await until('the upstream connection is closed', () => origin.sockets.size === 0)
  })
})

describe('timeouts.half_closed_secs', () => {
  const start = (target: string, timeouts: object) =>
    startTestDaemon(
      { mode: 'Reverse', listen_addr: '127.0.0.1:0', workers: { reverse_proxy: { target, timeouts } } },
      { isolation: 'shared' },
    )

  test('ends an exchange whose client has ended its side this long ago', async () => {
    await using origin = await startOrigin(() => {})
    await using running = await start(`http://${origin.authority}`, { half_closed_secs: 1 })
    using client = await RawClient.connect(running.port('reverse_proxy'))
    client.head('GET / HTTP/1.1', 'Host: a')
    client.end()
    await until('the origin is asked', () => origin.seen.length === 1)
    await client.ended()
    await until('the upstream connection is closed', () => origin.sockets.size === 0)
  })

  test('does not end exchanges of other clients', async () => {
    let answer = () => {}
    await using origin = await startOrigin((_req, res) => {
      answer = () => res.end('late')
    })
    await using running = await start(`http://${origin.authority}`, { half_closed_secs: 1 })
    using client = await RawClient.connect(running.port('reverse_proxy'))
    client.head('GET / HTTP/1.1', 'Host: a')
    await until('the origin is asked', () => origin.seen.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    answer()
    expect((await client.response()).text).toBe('late')
  })

  test('is 0 by default: as long as the exchange may run', async () => {
    let answer = () => {}
    await using origin = await startOrigin((_req, res) => {
      answer = () => res.end('late')
    })
    await using running = await start(`http://${origin.authority}`, {})
    using client = await RawClient.connect(running.port('reverse_proxy'))
    client.head('GET / HTTP/1.1', 'Host: a')
    client.end()
    await until('the origin is asked', () => origin.seen.length === 1)
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    answer()
    expect((await client.response()).text).toBe('late')
  })
})
