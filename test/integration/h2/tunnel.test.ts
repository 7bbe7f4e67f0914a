import { expect, test } from 'vitest'
import { answerOf, H2Client } from '../../kit/clients/h2-client.ts'
import { FrameClient, flag, frame } from '../../kit/clients/h2-frames.ts'
import { forwardTo, reverseTo, startEdge } from '../../kit/daemons/data-plane.ts'
import { startRawOrigin, unusedPort } from '../../kit/origins/origin.ts'
import { until } from '../../kit/waiting/until.ts'

const h2 = { cleartext: 'h2' } as const

/** A CONNECT has only `:method` and `:authority`. */
const connectTo = (client: H2Client, authority: string) =>
  client.request({ ':method': 'CONNECT', ':authority': authority }, { endStream: false })

const opened = (stream: ReturnType<typeof connectTo>) =>
  new Promise<number>((resolve) => stream.once('response', (fields) => resolve(Number(fields[':status']))))

test('CONNECT opens a tunnel on a stream, several per connection, and each end is passed on', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', (chunk) => socket.write(`<${chunk}>`))
    socket.on('end', () => socket.end('bye'))
  })
  await using proxy = await startEdge(forwardTo(), h2)
  using client = await H2Client.connect(proxy.port)
  const streams = [connectTo(client, origin.authority), connectTo(client, origin.authority)]
  for (const stream of streams) expect(await opened(stream)).toBe(200)
  await until('both are counted', () => proxy.counters().tunnelsActive === 2)
  for (const [at, stream] of streams.entries()) {
    const answer = answerOf(stream)
    stream.end(`hello ${at}`)
    expect(await answer).toMatchObject({ text: `<hello ${at}>bye`, isWhole: true, reset: 0 })
  }
  await until('both are over', () => proxy.counters().tunnelsActive === 0)
  expect(proxy.counters()).toMatchObject({ tunnelsTotal: 2, requestsTotal: 2, requestsFailed: 0 })
  expect(client.isClosed).toBe(false)
})

test('the age of a tunnel on a stream is bounded by maxTunnelMs only', async () => {
  await using origin = await startRawOrigin((socket) => socket.on('data', (chunk) => socket.write(chunk)))
  for (const [timeouts, ends] of [
    [{ lifetimeMs: 50, idleMs: 2_000 }, false],
    [{ maxTunnelMs: 200 }, true],
  ] as const) {
    await using proxy = await startEdge(forwardTo({ timeouts }), h2)
    using client = await H2Client.connect(proxy.port)
    const stream = connectTo(client, origin.authority)
    expect(await opened(stream)).toBe(200)
    const startedAt = performance.now()
    const chatter = setInterval(() => stream.writable && stream.write('x'), 20)
    stream.resume()
    await until('it is over, or older than both', () => {
      return stream.closed || (!ends && performance.now() - startedAt > 3_000)
    })
    clearInterval(chatter)
    expect(stream.closed).toBe(ends)
    const end = { termination: 'LT', tunnelEnd: 'max_tunnel', reason: 'timeouts.max_tunnel_secs' }
    if (ends) expect(proxy.records[0]).toMatchObject(end)
  }
})

test('a tunnel moves large amounts in both directions', async () => {
  const bytes = 8 * 1024 * 1024
  await using origin = await startRawOrigin((socket) => socket.pipe(socket))
  await using proxy = await startEdge(forwardTo(), h2)
  using client = await H2Client.connect(proxy.port)
  const stream = connectTo(client, origin.authority)
  expect(await opened(stream)).toBe(200)
  const answer = answerOf(stream)
  stream.end(Buffer.alloc(bytes, 'x'))
  expect((await answer).body.length).toBe(bytes)
})

test('a reset of the upstream ends the stream with CONNECT_ERROR, not as a normal end', async () => {
  await using origin = await startRawOrigin((socket) => socket.once('data', () => socket.resetAndDestroy()))
  await using proxy = await startEdge(forwardTo(), h2)
  using client = await FrameClient.connect(proxy.port)
  client.request(
    1,
    [
      [':method', 'CONNECT'],
      [':authority', origin.authority],
    ],
    true,
  )
  expect(await client.outcome(1)).toBe('200')
  client.send(frame.data, 0, 1, Buffer.from('x'))
  const { payload } = await client.find('a reset', ({ type }) => type === frame.reset)
  expect(payload.readUInt32BE(0)).toBe(10)
  const ends = client.frames.filter(({ stream, flags }) => stream === 1 && (flags & flag.endStream) !== 0)
  expect(ends).toEqual([])
  await until('it is over', () => proxy.counters().tunnelsActive === 0)
})

test('a client that resets its stream ends the connection to the upstream', async () => {
  await using origin = await startRawOrigin((socket) => socket.resume().on('end', () => socket.end()))
  await using proxy = await startEdge(forwardTo(), h2)
  using client = await H2Client.connect(proxy.port)
  const stream = connectTo(client, origin.authority)
  expect(await opened(stream)).toBe(200)
  await until('it has arrived', () => origin.sockets.size === 1)
  stream.destroy()
  await until('the client has left', () => origin.sockets.size === 0)
  await until('it is over', () => proxy.counters().tunnelsActive === 0)
})

test('idle tunnels end, other tunnels of the connection do not', async () => {
  await using origin = await startRawOrigin((socket) => socket.pipe(socket))
  await using proxy = await startEdge(forwardTo({ timeouts: { idleMs: 400 } }), h2)
  using client = await H2Client.connect(proxy.port)
  const idle = connectTo(client, origin.authority)
  const busy = connectTo(client, origin.authority)
  await Promise.all([opened(idle), opened(busy)])
  const timer = setInterval(() => busy.write('x'), 50)
  expect((await answerOf(idle)).reset).toBe(10)
  expect(busy.closed).toBe(false)
  clearInterval(timer)
})

test('an unreachable target gives a 502, and a CONNECT without a port a 400', async () => {
  await using proxy = await startEdge(forwardTo(), h2)
  using client = await H2Client.connect(proxy.port)
  const nowhere = await answerOf(connectTo(client, `127.0.0.1:${await unusedPort()}`))
  expect(nowhere.status).toBe(502)
  expect(nowhere.text).toContain('UPSTREAM_REFUSED')
  expect((await answerOf(connectTo(client, 'a.test'))).status).toBe(400)
  await until('both are counted', () => proxy.counters().requestsTotal === 2)
})

test('the refusal of a tunnel contains the request id', async () => {
  const users = [{ name: 'a', password: { form: 'plain', text: 'b' } as const }]
  const requestId = { inResponse: true }
  await using proxy = await startEdge(forwardTo({ auth: { users }, requestId }), h2)
  using client = await H2Client.connect(proxy.port)
  const target = { ':method': 'CONNECT', ':authority': `127.0.0.1:${await unusedPort()}` }
  const right = { 'proxy-authorization': `Basic ${Buffer.from('a:b').toString('base64')}` }
  for (const [fields, status] of [
    [{}, 407],
    [right, 502],
  ] as const) {
    const answer = await answerOf(client.request({ ...target, ...fields }))
    expect(answer.status).toBe(status)
    expect(answer.headers['x-request-id']).toMatch(/./)
    expect(answer.text).toContain(`(request ${answer.headers['x-request-id']})`)
  }
})

test('a worker without a forward proxy opens no tunnels', async () => {
  await using proxy = await startEdge(reverseTo('http://127.0.0.1:1'), h2)
  using client = await H2Client.connect(proxy.port)
  expect((await answerOf(connectTo(client, 'a.test:443'))).status).toBe(405)
})
