import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin, startScriptedOrigin } from '../../../kit/origins/origin.ts'
import { startStuckListener } from '../../../kit/origins/stuck-listener.ts'
import { until } from '../../../kit/waiting/until.ts'

test('an upstream that does not answer gives a 504', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(
    reverseTo(`http://${origin.authority}`, { timeouts: { responseMs: 200 } }),
  )
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect(response.status).toBe(504)
  expect(response.text).toBe('UPSTREAM_TIMEOUT: The upstream server did not respond in time.\n')
})

test('an upstream that neither accepts nor refuses gives a 504, for a request and for CONNECT', async () => {
  await using stuck = await startStuckListener()
  await using proxy = await startEdge(forwardTo({ timeouts: { connectMs: 200 } }))
  for (const request of [`GET http://127.0.0.1:${stuck.port}/`, `CONNECT 127.0.0.1:${stuck.port}`]) {
    using client = await RawClient.connect(proxy.port)
    client.head(`${request} HTTP/1.1`, 'Host: a')
    const response = await client.response()
    expect(response.status, request).toBe(504)
    expect(response.text).toContain('did not accept the connection in time')
  }
})

test('a host that cannot be resolved gives a 502', async () => {
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('http://no-such-host.invalid/')
  expect(response.status).toBe(502)
  expect(response.text).not.toContain('invalid')
})

test('an upstream that closes before its head gives a 502', async () => {
  await using origin = await startScriptedOrigin('')
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(502)
})

test('an upstream that does not speak HTTP gives a 502', async () => {
  await using origin = await startScriptedOrigin('220 mail ready\r\n\r\n')
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(502)
})

test('a response with both a length and chunks gives a 502', async () => {
  await using origin = await startScriptedOrigin(
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/')).status).toBe(502)
})

for (const [name, head] of [
  ['with a length', 'Content-Length: 100'],
  ['in chunks', 'Transfer-Encoding: chunked'],
] as const) {
  test(`a body ${name} that ends too early breaks off the client's connection`, async () => {
    await using origin = await startScriptedOrigin(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n5\r\nabc`)
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    await expect(client.get('/')).rejects.toThrow('connection ended')
    await until('the failure is counted', () => proxy.counters().requestsFailed === 1)
  })
}

test('a client that leaves ends the request at the upstream', async () => {
  await using origin = await startOrigin((_req, res) => res.write('never done'))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  await client.responseHead()
  client.destroy()
  await until('the upstream connection ends', () => origin.sockets.size === 0)
  await until('the failure is counted', () => proxy.counters().requestsFailed === 1)
})

test('a client that leaves before an answer ends the request at the upstream', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  await until('the origin sees it', () => origin.seen.length === 1)
  client.destroy()
  await until('the upstream connection ends', () => origin.sockets.size === 0)
  await until('it is counted once', () => proxy.counters().requestsTotal === 1)
})

test('a client that leaves during its upload ends it at the upstream', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const client = await RawClient.connect(proxy.port)
  client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 1000').send('part')
  await until('the origin sees it', () => origin.seen.length === 1)
  client.destroy()
  await expect(origin.last.body).rejects.toThrow()
  await until('the connection is closed', () => proxy.edge.open === 0)
})

test('an idempotent request is retried when its kept upstream connection has just closed', async () => {
  let requests = 0
  await using origin = await startRawOrigin((socket) => {
    let mine = 0
    socket.on('data', () => {
      mine += 1
      requests += 1
      // The second request on a connection finds it closed.
      if (mine === 2) socket.destroy()
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/1')).status).toBe(200)
  expect((await client.get('/2')).status).toBe(200)
  expect(requests).toBe(3)
})

test('a thousand aborted requests, upgrades and tunnels leave nothing open', async () => {
  await using origin = await startOrigin((req, res) => {
    if (req.url === '/hang') return
    res.end('hello')
  })
  await using proxy = await startEdge(forwardTo())
  for (let round = 0; round < 50; round += 1) {
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(proxy.port)))
    for (const [at, client] of clients.entries()) {
      if (at % 4 === 0) client.send('GET http://half')
      else if (at % 4 === 1) client.head(`GET http://${origin.authority}/hang HTTP/1.1`, 'Host: a')
      else if (at % 4 === 2) client.head(`CONNECT ${origin.authority} HTTP/1.1`, `Host: ${origin.authority}`)
      else client.head(`GET http://${origin.authority}/ HTTP/1.1`, 'Host: a')
    }
    // A connection that is reset before it is accepted has no address, and is not admitted.
    await until('all are accepted', () => proxy.admission.opened === 20 * (round + 1))
    for (const client of clients) client.destroy()
  }
  await until('all are closed', () => proxy.edge.open === 0)
  await until('the upstream sees them end', () => proxy.counters().tunnelsActive === 0)
  expect(proxy.admission.active).toBe(0)
  expect(proxy.admission.opened).toBe(1_000)
})
