import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const poison = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison'

/** Answers each request by its number, starting at 1. */
const countingOrigin = (
  answer: (request: number) => string,
  then: (request: number) => string = () => '',
) => {
  let requests = 0
  return startRawOrigin((socket) => {
    socket.on('data', () => {
      requests += 1
      socket.write(answer(requests), 'latin1')
      const more = then(requests)
      if (more !== '') setImmediate(() => socket.write(more, 'latin1'))
    })
    socket.on('end', () => socket.end())
  })
}

for (const [what, origin] of [
  ['in the same chunk', () => countingOrigin((at) => (at === 1 ? ok + poison : ok))],
  [
    'a moment later',
    () =>
      countingOrigin(
        () => ok,
        (at) => (at === 1 ? poison : ''),
      ),
  ],
] as const) {
  test(`an unsolicited second answer, ${what}, does not become the answer to the next request`, async () => {
    await using upstream = await origin()
    await using proxy = await startEdge(reverseTo(`http://${upstream.authority}`))
    using client = await RawClient.connect(proxy.port)
    expect((await client.get('/1')).text).toBe('ok')
    await until('the connection is given up', () => upstream.sockets.size === 0)
    expect((await client.get('/2')).text).toBe('ok')
    expect(upstream.accepted).toBe(2)
  })
}

test('an unsolicited answer that arrives with the next request does not become its answer', async () => {
  await using origin = await countingOrigin(() => ok)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/1')).text).toBe('ok')
  // Both arrive before the proxy polls its sockets again, the request first.
  client.head('GET /2 HTTP/1.1', 'Host: a')
  for (const socket of origin.sockets) socket.write(poison, 'latin1')
  expect((await client.response()).text).toBe('ok')
  expect(origin.accepted).toBe(2)
})

test('the end of a kept connection is noticed before a request with a body is sent', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', () => socket.end(ok, 'latin1'))
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  for (let at = 0; at < 20; at += 1) {
    client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 4').send('body')
    expect((await client.response()).status).toBe(200)
  }
})

test('a connection is not reused if the upstream forbids it or its HTTP version does', async () => {
  for (const head of ['HTTP/1.1 200 OK\r\nConnection: close', 'HTTP/1.0 200 OK']) {
    await using origin = await countingOrigin(() => `${head}\r\nContent-Length: 2\r\n\r\nok`)
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    await client.get('/1')
    await client.get('/2')
    expect(origin.accepted, head).toBe(2)
  }
})

test('an idle connection is closed before the upstream would close it', async () => {
  await using origin = await countingOrigin(() => ok.replace('\r\n\r\n', '\r\nKeep-Alive: timeout=2\r\n\r\n'))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  await client.get('/1')
  await client.get('/2')
  expect(origin.accepted).toBe(2)
})

test('an unsolicited 100 is forwarded before the response', async () => {
  await using origin = await countingOrigin(() => `HTTP/1.1 100 Continue\r\n\r\n${ok}`)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(100)
  expect(await client.response()).toMatchObject({ status: 200, text: 'ok' })
})

test('an unsolicited switch of protocols gives a 502', async () => {
  await using origin = await countingOrigin(
    () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(502)
})

test('an answer that arrives byte by byte is complete', async () => {
  await using origin = await startRawOrigin((socket) => {
    socket.on('data', async () => {
      for (const byte of ok) {
        socket.write(byte)
        await new Promise(setImmediate)
      }
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/1')).text).toBe('ok')
  expect((await client.get('/2')).text).toBe('ok')
  expect(origin.accepted).toBe(1)
})

test('an upstream that stalls within its body is cut off after responseMs', async () => {
  await using origin = await countingOrigin(() => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart')
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { timeouts: { responseMs: 200 } }),
  )
  using client = await RawClient.connect(proxy.port)
  await expect(client.get('/')).rejects.toThrow('connection ended')
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
})

test('an upload that takes longer than responseMs does not time out the upstream', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(await seen.body))
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { timeouts: { responseMs: 500 } }),
  )
  using client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 5')
  for (const letter of 'slow!') {
    client.send(letter)
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  expect((await client.response()).text).toBe('slow!')
})
