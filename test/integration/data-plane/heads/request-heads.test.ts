import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { forwardTo, reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startOrigin } from '../../../kit/origins/origin.ts'

const refused: [string, number, string[]][] = [
  ['another transfer coding', 501, ['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip, chunked']],
  [
    'chunked twice, which no reader may accept',
    400,
    ['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked, chunked'],
  ],
  ['a Host with a path and userinfo', 400, ['GET / HTTP/1.1', 'Host: a/b@c']],
  ['a Host with a space', 400, ['GET / HTTP/1.1', 'Host: a b']],
  ['a Host that is a list', 400, ['GET / HTTP/1.1', 'Host: a, b']],
  ['two Hosts', 400, ['GET / HTTP/1.1', 'Host: a', 'Host: a']],
  ['an empty Host', 400, ['GET / HTTP/1.1', 'Host:']],
  ['an invalid Host beside an absolute URL', 400, ['GET http://a.test/ HTTP/1.1', 'Host: a b']],
  ['no Host', 400, ['GET / HTTP/1.1']],
  ['an unknown expectation', 417, ['GET / HTTP/1.1', 'Host: a', 'Expect: miracles']],
  ['an expectation among others', 417, ['GET / HTTP/1.1', 'Host: a', 'Expect: 100-continue, miracles']],
  [
    'Transfer-Encoding in HTTP/1.0',
    400,
    ['POST / HTTP/1.0', 'Host: a', 'Transfer-Encoding: chunked', '', '0', ''],
  ],
  ['an empty Transfer-Encoding', 400, ['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding:']],
  ['userinfo in Host', 400, ['GET / HTTP/1.1', 'Host: u@a']],
  ['a path in Host', 400, ['GET / HTTP/1.1', 'Host: a/b']],
  ['a fragment', 400, ['GET /x#y HTTP/1.1', 'Host: a']],
  ['GET *', 400, ['GET * HTTP/1.1', 'Host: a']],
  ['a tab for a space', 400, ['GET\t/ HTTP/1.1', 'Host: a']],
  ['two spaces before the target', 400, ['GET  / HTTP/1.1', 'Host: a']],
  ['three spaces behind the target', 400, ['GET /   HTTP/1.1', 'Host: a']],
  [
    'two spaces and an upgrade',
    400,
    ['GET  / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  ],
  ['both framings', 400, ['POST / HTTP/1.1', 'Host: a', 'Content-Length: 1', 'Transfer-Encoding: chunked']],
  ['the preface of HTTP/2', 505, ['PRI * HTTP/2.0', '', 'SM']],
  ['HTTP/2.0', 505, ['GET / HTTP/2.0', 'Host: a']],
  ['HTTP/3.1', 505, ['GET / HTTP/3.1', 'Host: a']],
  ['HTTP/0.9', 505, ['GET / HTTP/0.9', 'Host: a']],
]

for (const [name, status, lines] of refused) {
  test(`a request with ${name} is answered with ${status} and counted`, async () => {
    await using origin = await startOrigin()
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    client.head(...lines)
    const response = await client.response()
    expect(response.status).toBe(status)
    expect(response.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(origin.seen).toHaveLength(0)
    expect(proxy.counters().requestsTotal).toBe(1)
  })
}

test('an HTTP/1.0 request needs no Host, and its Expect is ignored', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.0', 'Expect: miracles')
  expect((await client.response()).text).toBe('hello')
})

test('a Host with a port or an IPv6 address is valid, and the authority of a URL wins over it', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(forwardTo())
  using client = await RawClient.connect(proxy.port)
  for (const host of ['a.test:8080', '[::1]:80', 'A_b.test.', '']) {
    client.head(`GET http://${origin.authority}/ HTTP/1.1`, `Host: ${host}`)
    expect((await client.response()).status, host).toBe(200)
    expect(origin.last.get('host')).toBe(origin.authority)
  }
})

test('an Upgrade request with a body is an ordinary request', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(await seen.body))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  for (const [framing, body] of [
    ['Content-Length: 4', 'body'],
    ['Transfer-Encoding: chunked', '4\r\nbody\r\n0\r\n\r\n'],
  ] as const) {
    using client = await RawClient.connect(proxy.port)
    client.head('GET / HTTP/1.1', 'Host: a', 'Connection: Upgrade', 'Upgrade: websocket', framing).send(body)
    const response = await client.response()
    expect(response.status).toBe(200)
    expect(response.text).toBe('body')
    expect(origin.last.get('upgrade')).toBeUndefined()
  }
})

test('no path can leave the base path of a target', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}/base/`))
  using client = await RawClient.connect(proxy.port)
  for (const path of ['/../x', '/%2e%2e/x', '/.%2E', '/a/../../x', '/..\\x', '/a%2f..%2f..%2fx', '/..?y']) {
    expect((await client.get(path)).status, path).toBe(400)
  }
  expect(origin.seen).toHaveLength(0)
  for (const path of ['/a/../x', '/..x', '/x?y=/../../z', '/%zz', '/a%2fb']) {
    expect((await client.get(path)).status, path).toBe(200)
    expect(origin.last.url).toBe(`/base${path}`)
  }
})

test('without a base path dot segments are left to the upstream', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}/`))
  using client = await RawClient.connect(proxy.port)
  expect((await client.get('/../x')).status).toBe(200)
  expect(origin.last.url).toBe('/../x')
})

test('unusual white space elsewhere and a line received in pieces are accepted', async () => {
  await using origin = await startOrigin(async (_req, res, seen) => res.end(await seen.body))
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  for (const head of [
    'GET / HTTP/1.1\r\nHost:a\r\nX:  1 \t\r\n\r\n',
    '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: a\r\nX: GET  /  HTTP/1.1\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n\nPOST  /',
  ]) {
    client.send(head)
    expect((await client.response()).status, head).toBe(200)
  }
  for (const piece of ['G', 'ET ', '/', ' HTTP', '/1.1\r', '\nHost: a\r\nX: a', ' GET  /\r\n', '\r\n']) {
    client.send(piece)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect((await client.response()).status).toBe(200)
})

test('several spaces also get a 400 in a later request of a connection', async () => {
  await using origin = await startOrigin()
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  for (const line of ['GET  / HTTP/1.1', 'GET /  HTTP/1.1']) {
    using client = await RawClient.connect(proxy.port)
    expect((await client.get('/')).status).toBe(200)
    client.head(line, 'Host: a')
    expect((await client.response()).status, line).toBe(400)
    await client.ended()
  }
})
