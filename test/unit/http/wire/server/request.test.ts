import { describe, expect, test } from 'vitest'
import type { BodySink } from '../../../../../src/http/message/message.ts'
import { ServerRequest } from '../../../../../src/http/wire/server/request.ts'
import { FakePath, headOf, served } from '../../../../kit/engine/served-request.ts'

/** Records a body. */
class Sink implements BodySink {
  body = ''
  readonly events: string[] = []
  pieces: Buffer[] = []

  takeBody(piece: Buffer): void {
    this.pieces.push(piece)
    this.body += piece.toString('latin1')
  }

  takeBodyEnd(): void {
    this.events.push('end')
  }

  takeBodyFault(): void {
    this.events.push('fault')
  }
}

const post = ['POST /x HTTP/1.1', 'Host: a']
const sized = [...post, 'Content-Length: 5']
const chunked = [...post, 'Transfer-Encoding: chunked']

/** Gives bytes as the connection does: from a buffer with other bytes before them. Returns how many were taken, or -1. */
function give(request: ServerRequest, text: string): number {
  const at = request.take(Buffer.from(`..${text}`, 'latin1'), 2, 2 + text.length)
  return at === -1 ? -1 : at - 2
}

describe('a request', () => {
  test('has the method, target, version and fields of its head', () => {
    const { request } = served('GET /a?b HTTP/1.0', 'Host: a', 'X: y')
    expect(request).toMatchObject({
      method: 'GET',
      target: '/a?b',
      version: 10,
      fields: ['Host', 'a', 'X', 'y'],
    })
  })

  test.each([
    ['has no body without a length', post, false],
    ['has no body with a length of 0', [...post, 'Content-Length: 0'], false],
    ['has a body with a length', sized, true],
    ['has a body with a transfer coding', chunked, true],
  ])('%s', (_, lines, hasBody) => {
    expect(served(...lines).request).toMatchObject({ hasBody, isComplete: !hasBody })
  })

  test('that takes its connection over has no body', () => {
    const request = new ServerRequest(headOf(...sized), new FakePath(), false, 0)
    expect(request).toMatchObject({ hasBody: false, isComplete: true })
  })

  test('without a body ends as soon as it is read', () => {
    const { request, path } = served(...post)
    const sink = new Sink()
    request.readBody(sink)
    expect([sink.events, path.calls]).toEqual([['end'], []])
  })
})

describe('a body', () => {
  test('waits until it is wanted', () => {
    const { request, path } = served(...sized)
    expect([give(request, 'hello'), request.isReading]).toEqual([0, false])
    const sink = new Sink()
    request.readBody(sink)
    expect([path.calls, request.isReading]).toEqual([['wanted'], true])
    expect(give(request, 'hello')).toBe(5)
    expect(sink).toMatchObject({ body: 'hello', events: ['end'] })
  })

  test('with a length ends after as many bytes, and leaves those that follow', () => {
    const { request } = served(...sized)
    const sink = new Sink()
    request.readBody(sink)
    expect(give(request, 'he')).toBe(2)
    expect(request).toMatchObject({ isComplete: false, receivedBytes: 2 })
    expect(give(request, 'lloGET /')).toBe(3)
    expect(request).toMatchObject({ isComplete: true, receivedBytes: 5 })
    expect(sink).toMatchObject({ body: 'hello', events: ['end'] })
  })

  test('in chunks ends after its trailers, and leaves the bytes that follow', () => {
    const { request } = served(...chunked)
    const sink = new Sink()
    request.readBody(sink)
    expect(give(request, '2\r\nhe\r\n3\r\nllo\r\n0\r\nX-Sum: 7\r\n')).toBe(28)
    expect([request.isComplete, sink.events]).toEqual([false, []])
    expect(give(request, '\r\nGET /')).toBe(2)
    expect(request).toMatchObject({ isComplete: true, receivedBytes: 5, trailers: ['X-Sum', '7'] })
    expect(sink).toMatchObject({ body: 'hello', events: ['end'] })
  })

  test.each([
    ['a length', sized, 'hello'],
    ['chunks', chunked, '5\r\nhello\r\n'],
  ])('with %s is copied from the buffer that it arrived in', (_, lines, text) => {
    const { request } = served(...lines)
    const sink = new Sink()
    request.readBody(sink)
    const shared = Buffer.from(text)
    request.take(shared, 0, shared.length)
    shared.fill('x')
    expect(Buffer.concat(sink.pieces).toString()).toBe('hello')
  })

  test('with broken framing is reported', () => {
    const { request } = served(...chunked)
    request.readBody(new Sink())
    expect(give(request, 'no chunk')).toBe(-1)
    expect(request.isComplete).toBe(false)
  })

  test('that is paused takes nothing until it is resumed', () => {
    const { request, path } = served(...sized)
    const sink = new Sink()
    request.readBody(sink)
    request.pauseBody()
    expect([request.isReading, give(request, 'hello'), sink.body]).toEqual([false, 0, ''])
    request.resumeBody()
    expect([request.isReading, give(request, 'hello'), sink.body]).toEqual([true, 5, 'hello'])
    expect(path.calls).toEqual(['wanted', 'paused', 'wanted'])
  })

  test('cannot be paused before it is read, or resumed while it is', () => {
    const { request, path } = served(...sized)
    request.pauseBody()
    request.readBody(new Sink())
    request.resumeBody()
    expect(path.calls).toEqual(['wanted'])
  })

  test('that is discarded is counted, and its reader hears nothing more', () => {
    const { request, path } = served(...sized)
    const sink = new Sink()
    request.readBody(sink)
    give(request, 'he')
    request.discardBody()
    request.discardBody()
    expect(give(request, 'llo')).toBe(3)
    expect(request).toMatchObject({ isComplete: true, receivedBytes: 5, isReading: false })
    expect(sink).toMatchObject({ body: 'he', events: [] })
    expect(path.calls).toEqual(['wanted', 'wanted'])
  })

  test('that fails is reported to its reader once', () => {
    const { request } = served(...sized)
    const sink = new Sink()
    request.readBody(sink)
    request.fail()
    request.fail()
    expect(sink.events).toEqual(['fault'])
    expect(request.isComplete).toBe(false)
  })

  test('that has ended cannot fail', () => {
    const { request } = served(...sized)
    const sink = new Sink()
    request.readBody(sink)
    give(request, 'hello')
    request.fail()
    expect(sink.events).toEqual(['end'])
  })
})

describe('a client that expects 100-continue', () => {
  const expecting = [...sized, 'Expect: 100-continue']

  test('is waited for until its first byte', () => {
    const { request } = served(...expecting)
    expect(request.isAwaited).toBe(true)
    request.readBody(new Sink())
    give(request, 'h')
    expect(request.isAwaited).toBe(false)
  })

  test.each([
    ['speaks HTTP/1.0', ['POST /x HTTP/1.0', 'Content-Length: 5', 'Expect: 100-continue']],
    ['sends no body', [...post, 'Expect: 100-continue']],
  ])('is not waited for if it %s', (_, lines) => {
    expect(served(...lines).request.isAwaited).toBe(false)
  })
})
