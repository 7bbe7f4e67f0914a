import { describe, expect, test } from 'vitest'
import type { HttpResponse } from '../../../../../src/http/message/message.ts'
import { RequestBody } from '../../../../../src/http/message/request-body.ts'
import { Reclaimer } from '../../../../../src/http/reclaim.ts'
import { drive, nextTurn, Recorder } from '../../../../kit/engine/driven-connection.ts'
import { FakeRequest, FakeResponse } from '../../../../kit/engine/fake-exchange.ts'

const head = 'POST / HTTP/1.1\r\nHost: a\r\n'
const close = 'Connection: keep-alive\r\n\r\n'
const unauthorized = 'HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno'

/** Sends a request with a body; the client has sent nothing of it yet. */
function upload(own: readonly string[], client: readonly string[] = [], bounds = {}) {
  const driven = drive(bounds)
  const request = new FakeRequest('POST', client, true)
  const response = new FakeResponse(request)
  const owner = {
    maxBodyBytes: Infinity,
    bodyTooLarge: () => {},
    trailersOf: (came: readonly string[]) => came,
  }
  const body = new RequestBody(response as HttpResponse, owner, new Reclaimer(() => {}))
  const sink = new Recorder()
  driven.connection.dispatch({ method: 'POST', path: '/', fields: ['Host', 'a', ...own], body }, sink)
  return { driven, request, response, sink, transport: driven.transport }
}

test('the head and the first part of the body leave in one write', () => {
  const { request, transport } = upload(['Content-Length', '5'])
  request.send('he')
  request.send('llo')
  request.end()
  expect(transport.writes).toEqual([`${head}Content-Length: 5\r\n${close}he`, 'llo'])
})

test('a part of a body that follows another one does not wait for its acknowledgement', () => {
  const { request, transport } = upload(['Content-Length', '5'])
  request.send('he')
  expect(transport.hasNoDelay).toBe(false)
  request.send('llo')
  expect(transport.hasNoDelay).toBe(true)
})

test('the head does not wait for the first byte of the body', async () => {
  const { transport, sink, request, driven } = upload(['Content-Length', '5'])
  await nextTurn()
  expect(transport.writes).toEqual([`${head}Content-Length: 5\r\n${close}`])
  transport.receive(unauthorized)
  expect(sink.last).toBe('end')
  expect(request.isDiscarded).toBe(true)
  expect(driven.events).toEqual(['opened', 'closed'])
})

test('a body without a length is sent as chunks, each in one write, with its trailers', () => {
  const { request, transport, sink, driven } = upload([])
  request.trailers = ['X-Sum', '7', 'Content-Length', '1']
  request.send('hello')
  request.send('0123456789abcdef')
  request.end()
  expect(transport.writes).toEqual([
    `${head}Transfer-Encoding: chunked\r\n${close}5\r\nhello\r\n`,
    '10\r\n0123456789abcdef\r\n',
    '0\r\nX-Sum: 7\r\n\r\n',
  ])
  transport.receive('HTTP/1.1 204 No\r\n\r\n')
  expect(sink.last).toBe('end')
  expect(driven.events).toEqual(['opened'])
})

for (const [what, text] of [
  ['longer', 'hello!'],
  ['shorter', 'hell'],
] as const) {
  test(`a body ${what} than its Content-Length ends the exchange`, () => {
    const { request, sink, transport } = upload(['Content-Length', '5'])
    request.send(text)
    request.end()
    expect(sink.last).toBe('failed BAD_REQUEST')
    expect(transport.isClosed).toBe(true)
  })
}

test('the client is stopped while the upstream does not read', () => {
  const { request, transport } = upload(['Content-Length', '9'])
  transport.isFull = true
  request.send('abc')
  expect(request.isReading).toBe(false)
  transport.drain()
  expect(request.isReading).toBe(true)
})

describe('a client that waits for a 100', () => {
  const awaited = () => upload(['Content-Length', '2'], ['expect', '100-continue'], { responseMs: 3_000 })

  test('is asked when the upstream asks', () => {
    const { request, response, transport } = awaited()
    expect(transport.written).toContain('Expect: 100-continue\r\n')
    expect(request.sink).toBeNull()
    transport.receive('HTTP/1.1 100 Continue\r\n\r\n')
    expect(response.events).toEqual(['100 '])
    request.send('ok')
    request.end()
    expect(transport.writes.at(-1)).toBe('ok')
  })

  test('is asked after a second if the upstream sends nothing', () => {
    const { driven, response } = awaited()
    driven.pass(1_000)
    expect(response.events).toEqual([])
    driven.pass(30)
    expect(response.events).toEqual(['100 '])
  })

  test('is not asked after an answer, even if the answer takes long', () => {
    const { driven, response, sink, transport } = awaited()
    transport.receive(unauthorized.slice(0, -1))
    driven.pass(2_000)
    transport.receive('o')
    expect(sink.last).toBe('end')
    expect(response.events).toEqual([])
    expect(driven.events).toEqual(['opened', 'closed'])
  })
})

describe('the response deadline during an upload', () => {
  test('does not run while the client is slow', () => {
    const { driven, request, sink, transport } = upload(['Content-Length', '2'], [], { responseMs: 100 })
    driven.pass(500)
    request.send('o')
    driven.pass(500)
    request.send('k')
    request.end()
    driven.pass(90)
    transport.receive('HTTP/1.1 204 No\r\n\r\n')
    expect(sink.last).toBe('end')
  })

  test('runs while the upstream does not read', () => {
    const { driven, request, sink, transport } = upload(['Content-Length', '9'], [], { responseMs: 100 })
    transport.isFull = true
    request.send('abc')
    driven.pass(130)
    expect(sink.last).toBe('failed UPSTREAM_TIMEOUT')
  })

  test('starts at the end of the request', () => {
    const { driven, request, sink } = upload(['Content-Length', '2'], [], { responseMs: 100 })
    driven.pass(500)
    request.send('ok')
    request.end()
    driven.pass(130)
    expect(sink.last).toBe('failed UPSTREAM_TIMEOUT')
  })
})
