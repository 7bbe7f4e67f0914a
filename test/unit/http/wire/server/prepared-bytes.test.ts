import { describe, expect, test } from 'vitest'
import { PreparedResponse } from '../../../../../src/http/message/prepared.ts'
import { isWhole, sentBytes } from '../../../../../src/http/wire/server/prepared-bytes.ts'
import { answer } from '../../../../kit/engine/served-request.ts'

const second = Date.UTC(2026, 0, 1)
const prepared = (size = 5) =>
  new PreparedResponse(200, ['X-A', '1', 'Content-Length', String(size)], Buffer.alloc(size, 'x'))

describe('the bytes of a prepared response', () => {
  test('are made once a second', () => {
    const one = prepared()
    const first = sentBytes(one, 5, second)
    expect(sentBytes(one, 5, second + 999)).toBe(first)
    const text = first.toString('latin1')
    const next = sentBytes(one, 5, second + 1_000).toString('latin1')
    expect(text).toContain('\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n')
    expect(next).toBe(text.replace('00:00:00', '00:00:01'))
    // A write that is pending still uses the bytes of its second.
    expect(first.toString('latin1')).toBe(text)
  })

  test('announce how long the connection is kept', () => {
    const one = prepared()
    expect(sentBytes(one, 5, second).toString('latin1')).toContain('\r\nKeep-Alive: timeout=5\r\n')
    expect(sentBytes(one, 7, second).toString('latin1')).toContain('\r\nKeep-Alive: timeout=7\r\n')
  })

  test('contain a body of up to 16 KiB', () => {
    const [small, large] = [prepared(16_384), prepared(16_385)]
    expect([isWhole(small), isWhole(large)]).toEqual([true, false])
    expect(sentBytes(small, 5, second).toString('latin1')).toMatch(/\r\n\r\nx{16384}$/)
    expect(sentBytes(large, 5, second).toString('latin1')).toMatch(/\r\n\r\n$/)
  })
})

describe('a prepared response', () => {
  const lines = ['GET / HTTP/1.1', 'Host: a']

  test.each([5, 20_000])('of %i bytes leaves in one write', (size) => {
    const { response, transport, ends } = answer(lines)
    response.sendPrepared(prepared(size))
    expect([transport.writes.length, ends, response.writtenBytes]).toEqual([1, ['complete'], size])
    expect(transport.written).toMatch(
      new RegExp(`^HTTP/1.1 200 OK\\r\\nX-A: 1\\r\\n[\\s\\S]*\\r\\n\\r\\nx{${size}}$`),
    )
  })

  test('has no body for HEAD', () => {
    const { response, transport } = answer(['HEAD / HTTP/1.1', 'Host: a'])
    response.sendPrepared(prepared())
    expect(transport.written).toMatch(/\r\nContent-Length: 5\r\n[\s\S]*\r\n\r\n$/)
  })

  test('ends a connection that its client does not keep', () => {
    const { response, transport } = answer([...lines, 'Connection: close'])
    response.sendPrepared(prepared())
    expect(transport.written).toContain('\r\nConnection: close\r\n')
    expect(transport.written).not.toContain('keep-alive')
  })

  test('has the fields that were set for this response', () => {
    const { response, transport } = answer(lines)
    response.setField('X-Request-Id', 'r1')
    response.sendPrepared(prepared())
    expect(transport.written).toContain('\r\nX-Request-Id: r1\r\n')
  })
})
