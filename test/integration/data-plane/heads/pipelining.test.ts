import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const get = (url: string) => `GET ${url} HTTP/1.1\r\nHost: a\r\n\r\n`

test('three thousand pipelined requests run one at a time and leave nothing behind', async () => {
  await using origin = await startOrigin(() => {})
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  const client = await RawClient.connect(proxy.port)
  client.send(get('/hang').repeat(3_000))
  await until('the first one runs', () => origin.seen.length === 1)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(origin.accepted).toBe(1)
  const [socket] = proxy.accepted
  expect(socket?.listenerCount('close')).toBeLessThan(10)
  client.destroy()
  // A connection with waiting requests is not read, so the client's end only shows when the response is
  // written.
  await until('the connection is closed', () => {
    for (const one of origin.sockets) one.destroy()
    return proxy.edge.open === 0
  })
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
})

test('more requests than may wait are all answered, in order', async () => {
  await using origin = await startOrigin((req, res) => res.end(req.url))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.send(Array.from({ length: 3_000 }, (_, at) => get(`/${at}`)).join(''))
  for (let at = 0; at < 3_000; at += 1) expect((await client.response()).text).toBe(`/${at}`)
  expect(origin.accepted).toBe(1)
  expect(proxy.counters()).toMatchObject({ requestsTotal: 3_000, requestsFailed: 0 })
})

test('a waiting upload arrives whole', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(String((await seen.body).length)))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const post = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n${'x'.repeat(300_000)}`
  client.send(post.repeat(3))
  for (let at = 0; at < 3; at += 1) expect((await client.response()).text).toBe('300000')
})

test('CONNECT behind a request becomes a tunnel after that request is answered', async () => {
  let answer: ServerResponse | undefined
  await using origin = await startOrigin((_req, res) => {
    answer = res
  })
  await using echo = await startRawOrigin((socket) => socket.pipe(socket))
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  client.send(
    `${get(`http://${origin.authority}/`)}CONNECT ${echo.authority} HTTP/1.1\r\nHost: ${echo.authority}\r\n\r\nearly`,
  )
  await until('the request runs', () => answer !== undefined)
  expect(echo.accepted).toBe(0)
  const big = 'x'.repeat(4 * 1024 * 1024)
  answer?.end(big)
  expect((await client.response()).text.length).toBe(big.length)
  expect((await client.responseHead()).status).toBe(200)
  expect((await client.bytes(5)).toString()).toBe('early')
  client.send('later')
  expect((await client.bytes(5)).toString()).toBe('later')
})

test('bytes behind a request that are not HTTP are refused after its answer', async () => {
  let answer: ServerResponse | undefined
  await using origin = await startOrigin((_req, res) => {
    answer = res
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.send(`${get('/')}nonsense\r\n\r\n`)
  await until('the request runs', () => answer !== undefined)
  answer?.end('fine')
  expect((await client.response()).text).toBe('fine')
  expect((await client.response()).status).toBe(400)
  await client.ended()
})
