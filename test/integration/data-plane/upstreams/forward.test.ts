import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin, startRawOrigin, unusedPort } from '../../../kit/origins/origin.ts'

test('an absolute-form request is forwarded in origin-form with the host of its target', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  const response = await client.get(`http://${origin.authority}/a/b?c=d`)
  expect(response.status).toBe(200)
  expect(response.text).toBe('hello')
  expect(origin.last.url).toBe('/a/b?c=d')
  expect(origin.last.all('host')).toEqual([origin.authority])
})

test('CONNECT opens a tunnel that starts with the bytes sent along', async () => {
  await using origin = await startRawOrigin((socket) => socket.pipe(socket))
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  client.send(`CONNECT ${origin.authority} HTTP/1.1\r\nHost: ${origin.authority}\r\n\r\nearly`)
  const head = await client.responseHead()
  expect(head.status).toBe(200)
  expect(head.rawHeaders).toEqual([])
  expect((await client.bytes(5)).toString()).toBe('early')
  client.send('later')
  expect((await client.bytes(5)).toString()).toBe('later')
})

test('an upstream that refuses gives a 502 that names no address', async () => {
  const port = await unusedPort()
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  const response = await client.get(`http://127.0.0.1:${port}/`)
  expect(response.status).toBe(502)
  expect(response.text).toBe('UPSTREAM_REFUSED: The upstream server could not be reached.\n')
})

test('a CONNECT to an upstream that refuses gives a 502', async () => {
  const port = await unusedPort()
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  client.head(`CONNECT 127.0.0.1:${port} HTTP/1.1`, `Host: 127.0.0.1:${port}`)
  const response = await client.response()
  expect(response.status).toBe(502)
  expect(response.text).not.toContain('127.0.0.1')
})

test('a request in origin-form gets an answer that this is a forward proxy', async () => {
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect(response.status).toBe(400)
  expect(response.text).toContain('forward proxy')
})
