import { expect, test } from 'vitest'
import { RawClient } from '../../../kit/clients/raw-client.ts'
import { reverseTo, startEdge } from '../../../kit/daemons/data-plane.ts'
import { startRawOrigin, startScriptedOrigin } from '../../../kit/origins/origin.ts'
import { until } from '../../../kit/waiting/until.ts'

const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n'
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

test('informational responses are relayed before the answer', async () => {
  await using origin = await startScriptedOrigin(hints.repeat(3) + ok)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  for (let at = 0; at < 3; at += 1) expect((await client.response()).status).toBe(103)
  expect((await client.response()).text).toBe('ok')
})

test('a flood of informational responses is broken off with 502', async () => {
  await using origin = await startRawOrigin((socket) => {
    const flood = (): void => {
      while (!socket.destroyed && socket.write(hints.repeat(100)));
    }
    socket.once('data', flood)
    socket.on('drain', flood)
  })
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  client.head('GET / HTTP/1.1', 'Host: a')
  let relayed = 0
  let { status } = await client.response()
  for (; status === 103; { status } = await client.response()) relayed += 1
  expect(status).toBe(502)
  expect(relayed).toBeLessThanOrEqual(16)
  await until('the upstream connection is closed', () => origin.sockets.size === 0)
})

test('a reason phrase that cannot be forwarded gives a 502', async () => {
  await using origin = await startScriptedOrigin('HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok')
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect(response.status).toBe(502)
  expect(response.statusText).toBe('Bad Gateway')
})

for (const coding of ['gzip, chunked', 'gzip', 'identity']) {
  test(`a response with the transfer coding ${coding} gives a 502`, async () => {
    await using origin = await startScriptedOrigin(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    )
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    expect((await client.get('/')).status).toBe(502)
  })
}

test('chunked in two fields gives a 502, in another case it is accepted', async () => {
  for (const [fields, status] of [
    ['Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', 502],
    ['Transfer-Encoding: Chunked', 200],
  ] as const) {
    await using origin = await startScriptedOrigin(`HTTP/1.1 200 OK\r\n${fields}\r\n\r\n2\r\nok\r\n0\r\n\r\n`)
    await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
    using client = await RawClient.connect(proxy.port)
    expect((await client.get('/')).status, fields).toBe(status)
  }
})

test('a 204 has no Content-Length', async () => {
  await using origin = await startScriptedOrigin(
    'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX-A: 1\r\n\r\n',
  )
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect(response.status).toBe(204)
  expect(response.get('content-length')).toBeUndefined()
  expect(response.get('x-a')).toBe('1')
})

test('a response that is broken before its head is sent gives a whole 502', async () => {
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  await using origin = await startScriptedOrigin(`${head}not a chunk`)
  await using proxy = await startEdge(reverseTo(`http://${origin.authority}`))
  using client = await RawClient.connect(proxy.port)
  const response = await client.get('/')
  expect([response.status, response.text.split(':')[0]]).toEqual([502, 'UPSTREAM_BROKEN'])
  await until('it is recorded', () => proxy.records.length === 1)
  expect(proxy.records[0]).toMatchObject({ status: 502, code: 'UPSTREAM_BROKEN' })
})
