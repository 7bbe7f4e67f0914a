import { describe, expect, test } from 'vitest'
import { maxSectionBytes } from '../../../../src/http/wire/fields.ts'
import { mayBeResponse, readResponseHead } from '../../../../src/http/wire/response-head.ts'

const readText = (text: string, isHeadRequest: boolean) => {
  // Placed as in a connection's buffer: not at its start, and with other bytes after it.
  const bytes = Buffer.from(`..${text}\r\nX-Else: 1\r\n`, 'latin1')
  return readResponseHead(bytes, 2, 2 + text.length, isHeadRequest)
}
const read = (lines: readonly string[], isHeadRequest = false) =>
  readText(lines.map((line) => `${line}\r\n`).join(''), isHeadRequest)
const ok = 'HTTP/1.1 200 OK'

describe('a response head', () => {
  test('has status, reason and fields as received, without blanks around values', () => {
    expect(read(['HTTP/1.1 404 Not \xe9 Found', 'X-A:1', 'x-a: \t two words \t', 'Empty:'])).toMatchObject({
      status: 404,
      reason: 'Not \xe9 Found',
      fields: ['X-A', '1', 'x-a', 'two words', 'Empty', ''],
      framing: 'end',
    })
  })

  test('may have an empty reason or omit it', () => {
    expect(read(['HTTP/1.1 200 '])?.reason).toBe('')
    expect(read(['HTTP/1.1 200'])?.reason).toBe('')
  })

  for (const [what, lines] of [
    ['another protocol', ['220 mail ready']],
    ['another version', ['HTTP/2.0 200 OK']],
    ['no status', ['HTTP/1.1 OK']],
    ['a status of four digits', ['HTTP/1.1 2000 OK']],
    ['a status below 100', ['HTTP/1.1 099 No']],
    ['a control character in the reason', ['HTTP/1.1 200 O\x01K']],
    ['a folded line', [ok, 'X-A: 1', ' 2']],
    ['a blank before the colon', [ok, 'Content-Length : 3']],
    ['a field without a name', [ok, ': 3']],
    ['a line without a colon', [ok, 'nothing']],
    ['a bare carriage return', [ok, 'X-A: 1\rX-B: 2']],
    ['a bare line feed', [ok, 'X-A: 1\nContent-Length: 2']],
    ['NUL', [ok, 'X-A: 1\0']],
    ['DEL', [ok, 'X-A: 1\x7f']],
    ['a signed length', [ok, 'Content-Length: +3']],
    ['a hexadecimal length', [ok, 'Content-Length: 0x3']],
    ['an empty length', [ok, 'Content-Length:']],
    ['a list of lengths', [ok, 'Content-Length: 3, 3']],
    ['two lengths', [ok, 'Content-Length: 3', 'content-length: 3']],
    ['a length beyond the safe integers', [ok, `Content-Length: ${'9'.repeat(16)}`]],
    ['a length and chunks', [ok, 'Content-Length: 3', 'Transfer-Encoding: chunked']],
  ] as const) {
    test(`with ${what} is refused`, () => expect(read(lines)).toBeNull())
  }

  test('determines how its body is framed', () => {
    expect(read([ok, 'Content-Length: 12'])?.framing).toBe(12)
    expect(read([ok, 'transfer-encoding: chunked'])?.framing).toBe('chunked')
    expect(read([ok])?.framing).toBe('end')
  })

  test('has no body after HEAD and with 1xx, 204 and 304, whatever its fields', () => {
    for (const status of [103, 204, 304]) {
      expect(read([`HTTP/1.1 ${status} X`, 'Content-Length: 12'])?.framing, String(status)).toBe(0)
    }
    expect(read([ok, 'Content-Length: 12'], true)?.framing).toBe(0)
    expect(read([ok, 'Transfer-Encoding: chunked'], true)?.framing).toBe(0)
  })

  test('keeps the connection depending on version and Connection', () => {
    expect(read([ok])?.keepAlive).toBe(true)
    expect(read([ok, 'Connection: Close'])?.keepAlive).toBe(false)
    expect(read([ok, 'Connection: keep-alive, close'])?.keepAlive).toBe(false)
    expect(read([ok, 'Connection: close', 'Connection: keep-alive'])?.keepAlive).toBe(false)
    expect(read(['HTTP/1.0 200 OK'])?.keepAlive).toBe(false)
    expect(read(['HTTP/1.0 200 OK', 'Connection: keep-alive'])?.keepAlive).toBe(true)
  })

  test('does not keep the connection if HTTP/1.0 has a transfer coding', () => {
    const head = read(['HTTP/1.0 200 OK', 'Connection: keep-alive', 'Transfer-Encoding: chunked'])
    expect(head).toMatchObject({ framing: 'chunked', keepAlive: false })
  })

  test('may contain the idle timeout of its connection', () => {
    expect(read([ok, 'Keep-Alive: timeout=5, max=100'])?.keepAliveSecs).toBe(5)
    expect(read([ok, 'Keep-Alive: max=100'])?.keepAliveSecs).toBeNull()
  })

  test('is refused in linear time', () => {
    const started = performance.now()
    for (const text of [
      'a: b\r\n'.repeat(2_000),
      'a'.repeat(maxSectionBytes),
      `a: ${'b'.repeat(maxSectionBytes)}`,
    ]) {
      expect(readText(`${ok}\r\n${text}\r`, false)).toBeNull()
    }
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})

test('the start of a response is distinguished from other protocols', () => {
  for (const text of ['', 'H', 'HTTP/1', 'HTTP/1.1 2']) expect(mayBeResponse(text), text).toBe(true)
  for (const text of ['220', 'HTTP/2', 'http/1.1', '\r\nHTTP/1.1'])
    expect(mayBeResponse(text), text).toBe(false)
})
