import { describe, expect, test } from 'vitest'
import type { BodySink, HttpResponse } from '../../../../src/http/message/message.ts'
import { RequestBody } from '../../../../src/http/message/request-body.ts'
import { Reclaimer } from '../../../../src/http/reclaim.ts'
import { FakeRequest, FakeResponse } from '../../../kit/engine/fake-exchange.ts'

/** A request body, its client, and a record of what its upstream and its owner hear. */
function setUp(fields: readonly string[] = [], { maxBodyBytes = Infinity, version = 11 } = {}) {
  const request = new FakeRequest('POST', fields, true)
  request.version = version
  const response = new FakeResponse(request)
  const calls: string[] = []
  const owner = {
    maxBodyBytes,
    bodyTooLarge: () => calls.push('too large'),
    trailersOf: (came: readonly string[]) => came.slice(0, 2),
  }
  const sink: BodySink = {
    takeBody: (piece) => calls.push(piece.toString()),
    takeBodyEnd: () => calls.push('end'),
    takeBodyFault: () => calls.push('fault'),
  }
  const body = new RequestBody(response as HttpResponse, owner, new Reclaimer(() => {}))
  return { request, response, calls, body, sink }
}

const expecting = ['Expect', '100-continue']

test('the client is not read before the upstream wants the body', () => {
  const { request, body, sink, calls } = setUp()
  expect(request.sink).toBeNull()
  body.start(sink)
  request.send('hello')
  request.end()
  expect(calls).toEqual(['hello', 'end'])
  expect(body.receivedBytes).toBe(5)
})

test('a body that breaks off is reported', () => {
  const { request, body, sink, calls } = setUp()
  body.start(sink)
  request.sink?.takeBodyFault()
  expect(calls).toEqual(['fault'])
})

test('a body that is paused reads no further until it is resumed', () => {
  const { request, body, sink } = setUp()
  body.start(sink)
  body.pause()
  expect(request.isReading).toBe(false)
  body.resume()
  expect(request.isReading).toBe(true)
})

test('a body that is stopped is discarded, and the upstream hears nothing more', () => {
  const { request, body, sink, calls } = setUp()
  body.start(sink)
  body.stop()
  body.takeBody(Buffer.from('late'))
  body.takeBodyEnd()
  expect([request.isDiscarded, calls]).toEqual([true, []])
})

test('a body above its limit is reported with the piece that exceeds it', () => {
  const { request, body, sink, calls } = setUp([], { maxBodyBytes: 5 })
  body.start(sink)
  request.send('hello')
  request.send('!')
  expect(calls).toEqual(['hello', 'too large', '!'])
})

test('its owner chooses the trailers that are forwarded', () => {
  const { request, body } = setUp()
  expect(body.trailers).toEqual([])
  request.trailers = ['X-Sum', '7', 'Host', 'a']
  expect(body.trailers).toEqual(['X-Sum', '7'])
})

describe('a client that expects 100-continue', () => {
  test('gets its 100 when the upstream wants the body, and once', () => {
    const { response, body, sink } = setUp(expecting)
    expect([body.isAwaited, response.events]).toEqual([true, []])
    body.start(sink)
    expect(body.isAwaited).toBe(false)
    expect(response.events.map((event) => event.trim())).toEqual(['100'])
  })

  test('gets none if the body is stopped', () => {
    const { response, body } = setUp(expecting)
    body.stop()
    expect([body.isAwaited, response.events]).toEqual([false, []])
  })

  test.each([
    ['does not expect one', [], 11],
    ['speaks HTTP/1.0', expecting, 10],
  ])('is not assumed if the client %s', (_, fields, version) => {
    const { response, body, sink } = setUp(fields, { version })
    expect(body.isAwaited).toBe(false)
    body.start(sink)
    expect(response.events).toEqual([])
  })
})
