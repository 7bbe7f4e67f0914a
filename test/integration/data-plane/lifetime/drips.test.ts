import { describe, expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge, type Tuning } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

/** Calls `send` every 50 ms until disposed; counts the calls. */
function drip(send: () => unknown) {
  const state = { count: 0 }
  const timer = setInterval(() => {
    state.count += 1
    send()
  }, 50)
  return {
    get count() {
      return state.count
    },
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

describe.concurrent.each([
  { over: 'TCP', isTls: false },
  { over: 'TLS', isTls: true },
])('over $over', ({ isTls }) => {
  const start = (origin: { readonly authority: string }, tuning: Tuning) =>
    startEdge(reverseTo(`http://${origin.authority}`, tuning), { tls: isTls })
  const connect = (port: number) => (isTls ? RawClient.connectTls(port) : RawClient.connect(port))

  test('a head that arrives byte by byte is answered with 408 at the header deadline', async () => {
    await using origin = await startOrigin()
    await using proxy = await start(origin, { timeouts: { headerMs: 500 } })
    using client = await connect(proxy.port)
    client.send('GET / HTTP/1.1\r\nHost: a\r\nX-A: ')
    using drops = drip(() => client.send('a'))
    expect((await client.response()).status).toBe(408)
    await client.ended()
    expect(drops.count).toBeLessThan(60)
    expect(origin.seen).toHaveLength(0)
  })

  test('a later head that arrives byte by byte is answered with 408 too', async () => {
    await using origin = await startOrigin()
    await using proxy = await start(origin, { timeouts: { headerMs: 500 } })
    using client = await connect(proxy.port)
    expect((await client.get('/')).status).toBe(200)
    client.send('GET / HTTP/1.1\r\nHost: a\r\nX-A: ')
    using drops = drip(() => client.send('a'))
    expect((await client.response()).status).toBe(408)
    await client.ended()
    expect(drops.count).toBeLessThan(60)
    expect(origin.seen).toHaveLength(1)
  })

  test('a client that sends empty lines instead of a request is disconnected', async () => {
    await using origin = await startOrigin()
    await using proxy = await start(origin, { timeouts: { headerMs: 500 } })
    using client = await connect(proxy.port)
    using drops = drip(() => client.send('\r\n'))
    await client.ended()
    expect(drops.count).toBeLessThan(60)
    expect(origin.seen).toHaveLength(0)
  })

  test('a body that arrives byte by byte is answered with 408', async () => {
    await using origin = await startOrigin(() => {})
    const pace = { minBytesPerSecond: 1_000, graceMs: 500 }
    await using proxy = await start(origin, { pace })
    using client = await connect(proxy.port)
    client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 100000')
    using drops = drip(() => client.send('x'))
    expect((await client.response()).status).toBe(408)
    await client.ended()
    expect(drops.count).toBeLessThan(60)
    await until('the upstream connection is closed', () => origin.sockets.size === 0)
  })

  test('a chunk extension that arrives byte by byte is answered with 408', async () => {
    await using origin = await startOrigin(() => {})
    const pace = { minBytesPerSecond: 1_000, graceMs: 500 }
    await using proxy = await start(origin, { pace })
    using client = await connect(proxy.port)
    client.head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked').send('3;a=')
    using drops = drip(() => client.send('b'))
    expect((await client.response()).status).toBe(408)
    await client.ended()
    expect(drops.count).toBeLessThan(60)
  })

  test('a response head that arrives byte by byte is answered with 504 at the response deadline', {
    timeout: 20_000,
  }, async () => {
    let drops: ReturnType<typeof drip> | undefined
    await using origin = await startRawOrigin((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-A: ')
      drops = drip(() => socket.write('a'))
      socket.on('close', () => drops?.[Symbol.dispose]())
    })
    await using proxy = await start(origin, { timeouts: { responseMs: 1_000 } })
    using client = await connect(proxy.port)
    expect((await client.get('/')).status).toBe(504)
    // The deadline is 20 drops after the request. Twice as many leave room for a coarse clock.
    expect(drops?.count).toBeLessThan(40)
    await until('the upstream connection is closed', () => origin.sockets.size === 0)
  })

  test('an exchange whose body drips fast enough ends at the limit of the whole exchange', async () => {
    await using origin = await startOrigin(() => {})
    await using proxy = await start(origin, { pace: { exchangeMs: 800 } })
    using client = await connect(proxy.port)
    client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 100000')
    using drops = drip(() => client.send('xxxxxxxxxx'))
    expect((await client.response()).status).toBe(408)
    await client.ended()
    expect(drops.count).toBeLessThan(60)
  })

  test('an idle connection is closed without an answer', async () => {
    await using origin = await startOrigin()
    await using proxy = await start(origin, { timeouts: { idleMs: 300 } })
    using client = await connect(proxy.port)
    expect((await client.get('/')).status).toBe(200)
    expect((await client.rest()).length).toBe(0)
    expect(client.isReset).toBe(false)
    await until('the connection is closed', () => proxy.edge.open === 0)
  })
})
