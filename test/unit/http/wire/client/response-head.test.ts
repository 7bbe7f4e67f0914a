import { describe, expect, test } from 'vitest'
import { ResponseHeadReader } from '../../../../../src/http/wire/client/response-head.ts'
import { maxSectionBytes } from '../../../../../src/http/wire/fields.ts'

/** Returns the head, or null if it is refused. */
function readText(text: string, isHeadRequest: boolean) {
  // Placed as in a connection's buffer: not at its start, and with other bytes after it.
  const bytes = Buffer.from(`..${text}\r\nX-Else: 1\r\n`, 'latin1')
  const head = new ResponseHeadReader().read(bytes, 2, bytes.length, isHeadRequest)
  if (head === null) throw new Error('the head is not complete')
  return typeof head === 'string' ? null : head
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

test('another protocol is detected from its first bytes', () => {
  const readStart = (text: string) =>
    new ResponseHeadReader().read(Buffer.from(text, 'latin1'), 0, text.length, false)
  for (const text of ['', 'H', 'HTTP/1', 'HTTP/1.1 2']) expect(readStart(text), text).toBeNull()
  for (const text of ['220', 'HTTP/2', 'http/1.1', '\r\nHTTP/1.1'])
    expect(readStart(text), text).toBe('no HTTP/1 response')
})

test('a coding other than chunked is refused, except where it frames nothing', () => {
  for (const coding of ['gzip', 'gzip, chunked', 'chunked, chunked', 'xchunked']) {
    const coded = `Transfer-Encoding: ${coding}`
    expect(read([ok, coded]), coding).toBeNull()
    expect(read(['HTTP/1.1 204 No', coded])?.framing, coding).toBe(0)
    expect(read(['HTTP/1.1 304 No', coded])?.framing, coding).toBe(0)
    expect(read([ok, coded], true)?.framing, coding).toBe(0)
  }
  expect(read([ok, 'Transfer-Encoding: chunked', 'transfer-encoding: chunked'])).toBeNull()
  expect(read([ok, 'Transfer-Encoding:'], true)).toBeNull()
})

test('a head with more than 1000 fields is refused', () => {
  expect(read([ok, ...Array<string>(1_000).fill('A: 1')])?.fields.length).toBe(2_000)
  expect(read([ok, ...Array<string>(1_001).fill('A: 1')])).toBeNull()
})

test('a status above 599 is relayed', () => {
  expect(read(['HTTP/1.1 999 Denied'])).toMatchObject({ status: 999, reason: 'Denied' })
})

test('is read the same if it arrives in two pieces', () => {
  const text = `HTTP/1.0 200 All well\r\nX-A: 1\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n`
  const bytes = Buffer.from(`${text}ok`, 'latin1')
  const whole = new ResponseHeadReader().read(bytes, 0, bytes.length, false)
  expect(whole).toMatchObject({ reason: 'All well', framing: 2, keepAlive: true })
  for (let at = 1; at < text.length; at += 1) {
    const reader = new ResponseHeadReader()
    expect(reader.read(bytes, 0, at, false)).toBeNull()
    expect(reader.read(bytes, at, bytes.length, false)).toEqual(whole)
    expect(reader.endAt).toBe(text.length)
  }
})
