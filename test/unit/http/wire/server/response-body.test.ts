import { describe, expect, test } from 'vitest'
import type { HttpResponse } from '../../../../../src/http/message/message.ts'
import { answer } from '../../../../kit/engine/served-request.ts'

const get = ['GET / HTTP/1.1', 'Host: a']
const dated = ['Date', 'now']
const length = (bytes: number) => ['Date', 'now', 'Content-Length', String(bytes)]

describe('a body', () => {
  const body = (lines: readonly string[], fields: readonly string[], write: (to: HttpResponse) => void) => {
    const all = answer(lines)
    all.response.sendHead(200, undefined, fields)
    write(all.response)
    const [head = '', ...rest] = all.transport.written.split('\r\n\r\n')
    return { ...all, head, sent: rest.join('\r\n\r\n') }
  }

  test('with a length is sent as it is', () => {
    const { sent, head, response } = body(get, length(5), (to) => {
      to.write('he')
      to.end(Buffer.from('llo'))
    })
    expect([sent, response.writtenBytes, head.includes('Transfer-Encoding')]).toEqual(['hello', 5, false])
  })

  test('without a length is sent in chunks', () => {
    const { sent, head, response } = body(get, dated, (to) => {
      to.write('he')
      to.write(Buffer.from('l'.repeat(20)))
      to.end('o')
    })
    expect(head).toContain('\r\nTransfer-Encoding: chunked')
    expect(sent).toBe(`2\r\nhe\r\n14\r\n${'l'.repeat(20)}\r\n1\r\no\r\n0\r\n\r\n`)
    expect(response.writtenBytes).toBe(23)
  })

  test('in chunks has trailers', () => {
    const { sent } = body(get, dated, (to) => {
      to.write('a')
      to.setTrailers(['X-Sum', '7'])
      to.end()
    })
    expect(sent).toBe('1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n')
  })

  test('that is empty and has no length is one last chunk', () => {
    expect(body(get, dated, (to) => to.end()).sent).toBe('0\r\n\r\n')
  })

  test('for HTTP/1.0 without a length ends with the connection', () => {
    const { sent, head, response } = body(['GET / HTTP/1.0', 'Connection: keep-alive'], dated, (to) => {
      to.write('hel')
      to.end('lo')
    })
    expect(head).not.toContain('Transfer-Encoding')
    expect([sent, response.keepsAlive]).toEqual(['hello', false])
  })

  test.each([
    ['a length', length(40_000), (text: string) => text],
    ['chunks', dated, (text: string) => `9c40\r\n${text}\r\n0\r\n\r\n`],
  ])('of one large piece with %s leaves whole', (_, fields, framed) => {
    const text = 'x'.repeat(40_000)
    expect(body(get, fields, (to) => to.end(Buffer.from(text))).sent).toBe(framed(text))
  })

  test('keeps every byte', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
    const { sent } = body(get, length(256), (to) => to.end(bytes))
    expect(Buffer.from(sent, 'latin1')).toEqual(Buffer.from(bytes))
  })

  test.each([
    ['a response to HEAD', ['HEAD / HTTP/1.1', 'Host: a'], 200, length(5), 'Content-Length: 5'],
    ['a response to HEAD without a length', ['HEAD / HTTP/1.1', 'Host: a'], 200, dated, 'Date: now'],
    ['204', get, 204, dated, 'Date: now'],
    ['304', get, 304, length(5), 'Content-Length: 5'],
    ['205', get, 205, length(5), 'Content-Length: 0'],
  ])('is left out of %s', (_, lines, status, fields, field) => {
    const { response, transport, ends } = answer(lines)
    response.sendHead(status, undefined, fields)
    response.write('he')
    response.end('llo')
    const [head, ...rest] = transport.written.split('\r\n\r\n')
    expect([rest, response.writtenBytes, ends]).toEqual([[''], 0, ['complete']])
    expect(head).toContain(field)
    expect(head).not.toContain('Transfer-Encoding')
    expect(head?.match(/content-length/gi)?.length ?? 0).toBeLessThan(2)
  })

  test.each([
    ['shorter', (to: HttpResponse) => to.end('hell')],
    ['longer', (to: HttpResponse) => to.end('hello!')],
    ['longer in its first piece', (to: HttpResponse) => to.write('hello!')],
  ])('that is %s than its length is broken off', (_, write) => {
    const { transport, response, sent } = body(get, length(5), write)
    expect([transport.resets, response.isClosed, response.isComplete]).toEqual([1, true, false])
    expect(sent).not.toContain('!')
  })
})
