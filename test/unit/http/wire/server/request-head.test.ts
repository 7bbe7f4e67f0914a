import { describe, expect, test } from 'vitest'
import {
  type RequestFault,
  type RequestHead,
  RequestHeadReader,
} from '../../../../../src/http/wire/server/request-head.ts'

const bounds = { maxHeadBytes: 200, maxFields: 3, maxTargetBytes: 50 }

type Result = RequestHead | RequestFault | null

/** Reads a text as in a connection's buffer: not at its start, and with other bytes after it. */
function readText(text: string, reader = new RequestHeadReader(bounds)): Result {
  return reader.read(Buffer.from(`..${text}..`, 'latin1'), 2, 2 + text.length)
}

/** Reads a text in pieces that end at the given places. */
function readPieces(text: string, ends: readonly number[]): { result: Result; used: number; at: number } {
  const reader = new RequestHeadReader(bounds)
  const shared = Buffer.alloc(4096)
  let from = 0
  for (const end of [...ends, text.length]) {
    const length = shared.write(text.slice(from, end), 10, 'latin1')
    const result = reader.read(shared, 10, 10 + length)
    if (result !== null) return { result, used: from + reader.endAt - 10, at: end }
    from = end
  }
  return { result: null, used: text.length, at: text.length }
}

const head = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\n\r\n`
const get = (...fields: readonly string[]) => head('GET / HTTP/1.1', ...fields)
const read = (...fields: readonly string[]) => readText(get(...fields))

describe('a request head', () => {
  test('has method, target, version and fields as received, without blanks around values', () => {
    expect(
      readText(head('M-SEARCH /a?b#c HTTP/1.0', 'X-A:1', 'x-a: \t two \xe4 words \t', 'Empty:')),
    ).toEqual({
      method: 'M-SEARCH',
      target: '/a?b#c',
      version: 10,
      fields: ['X-A', '1', 'x-a', 'two \xe4 words', 'Empty', ''],
      host: undefined,
      hosts: 0,
      length: -1,
      coding: undefined,
      expect: undefined,
      upgrade: undefined,
      keepsAlive: false,
    })
  })

  test('may be without fields', () => {
    expect(read()).toMatchObject({ method: 'GET', target: '/', version: 11, fields: [] })
  })

  test('ends where the next bytes begin', () => {
    const reader = new RequestHeadReader(bounds)
    const bytes = Buffer.from(`${get()}${get('Host: b')}body`, 'latin1')
    reader.read(bytes, 0, bytes.length)
    expect(reader.endAt).toBe(get().length)
    expect(reader.read(bytes, reader.endAt, bytes.length)).toMatchObject({ host: 'b' })
    expect(bytes.toString('latin1', reader.endAt)).toBe('body')
  })

  test('may follow empty lines, which do not begin a request', () => {
    const reader = new RequestHeadReader(bounds)
    expect(readText('\r\n\r', reader)).toBeNull()
    expect(reader.isBegun).toBe(false)
    expect(readText('\nGE', reader)).toBeNull()
    expect(reader.isBegun).toBe(true)
    expect(readText('T / HTTP/1.1\r\n\r\n', reader)).toMatchObject({ method: 'GET' })
    expect(reader.isBegun).toBe(false)
  })

  test('has the first Host and the number of them', () => {
    expect(read('host: a', 'HOST: b')).toMatchObject({ host: 'a', hosts: 2 })
  })

  test('has the length', () => {
    expect(read('content-length: 0012')).toMatchObject({ length: 12 })
    expect(read('Content-Length: 0')).toMatchObject({ length: 0 })
    expect(read(`Content-Length: ${'9'.repeat(15)}`)).toMatchObject({ length: 999_999_999_999_999 })
  })

  test('joins repeated Transfer-Encoding, Expect and Upgrade', () => {
    expect(read('Transfer-Encoding: chunked', 'transfer-encoding: gzip')).toMatchObject({
      coding: 'chunked, gzip',
    })
    expect(read('Expect: 100-continue', 'expect: x')).toMatchObject({ expect: '100-continue, x' })
    expect(read('Upgrade: a', 'upgrade:', 'Connection: Upgrade')).toMatchObject({ upgrade: 'a' })
  })

  test('has Upgrade only if Connection lists it', () => {
    expect(read('Upgrade: websocket')).toMatchObject({ upgrade: undefined })
    expect(read('Upgrade: websocket', 'Connection: keep-alive, UPGRADE')).toMatchObject({
      upgrade: 'websocket',
    })
  })

  test('keeps the connection depending on version and Connection', () => {
    expect(read()).toMatchObject({ keepsAlive: true })
    expect(read('Connection: a, Close ,b')).toMatchObject({ keepsAlive: false })
    expect(read('Connection: keep-alive', 'Connection: close')).toMatchObject({ keepsAlive: false })
    expect(readText(head('GET / HTTP/1.0'))).toMatchObject({ keepsAlive: false })
    expect(readText(head('GET / HTTP/1.0', 'Connection: Keep-Alive'))).toMatchObject({ keepsAlive: true })
    expect(readText(head('GET / HTTP/1.0', 'Connection: keep-alive, close'))).toMatchObject({
      keepsAlive: false,
    })
  })
})

const bad: readonly (readonly [string, string])[] = [
  ['a TLS handshake', '\x16'],
  ['a bare line feed before it', '\n'],
  ['a bare carriage return before it', '\rG'],
  ['a space before the method', ' '],
  ['a delimiter in the method', 'G('],
  ['a tab after the method', 'GET\t'],
  ['no target', 'GET  '],
  ['a control character in the target', 'GET /\x01'],
  ['DEL in the target', 'GET /\x7f'],
  ['a byte above 127 in the target', 'GET /\xc3'],
  ['no version', 'GET /\r'],
  ['two spaces before the version', 'GET /  '],
  ['a version in lower case', 'GET / h'],
  ['a version with a letter', 'GET / HTTP/x'],
  ['a version without a dot', 'GET / HTTP/11'],
  ['a version of three numbers', 'GET / HTTP/1.1.'],
  ['a space after the version', 'GET / HTTP/1.1 '],
  ['a bare line feed after the version', 'GET / HTTP/1.1\n'],
  ['a bare carriage return after the version', 'GET / HTTP/1.1\rX'],
  ['a blank before the first field', 'GET / HTTP/1.1\r\n '],
  ['an empty name', 'GET / HTTP/1.1\r\n:'],
  ['a blank before the colon', 'GET / HTTP/1.1\r\nX-A '],
  ['a line without a colon', 'GET / HTTP/1.1\r\nX-A\r'],
  ['a byte above 127 in a name', 'GET / HTTP/1.1\r\nX\xe4'],
  ['NUL in a value', 'GET / HTTP/1.1\r\nX-A: a\0'],
  ['DEL in a value', 'GET / HTTP/1.1\r\nX-A: a\x7f'],
  ['a bare line feed after a value', 'GET / HTTP/1.1\r\nX-A: a\n'],
  ['a bare carriage return in a value', 'GET / HTTP/1.1\r\nX-A: a\rb'],
  ['a folded line', 'GET / HTTP/1.1\r\nX-A: a\r\n '],
  ['a bare carriage return at the end', 'GET / HTTP/1.1\r\n\rX'],
]

describe('a head is refused as soon as its bytes show', () => {
  test.each(bad)('%s', (_, text) => {
    expect(readText(text)).toBe('BAD_REQUEST')
    expect(readText(text.slice(0, -1))).toBeNull()
    expect(
      readPieces(
        `${text} HTTP/1.1\r\n\r\n`,
        [...text].map((_, at) => at + 1),
      ),
    ).toMatchObject({
      result: 'BAD_REQUEST',
      at: text.length,
    })
  })

  test.each(['0.9', '1.2', '2.0', '3.0', '9.9'])('HTTP/%s, at the end of its line', (version) => {
    expect(readText(`PRI * HTTP/${version}\r`)).toBeNull()
    expect(readText(`PRI * HTTP/${version}\r\n`)).toBe('VERSION_NOT_SUPPORTED')
  })
})

describe('a head that could be framed in two ways is refused', () => {
  test.each(['', '+3', '-3', '3, 3', '0x3', '3 3', '3.0', '3e0', 'three', '\xb3', '1'.repeat(16)])(
    'a length of %j',
    (length) => expect(read(`Content-Length: ${length}`)).toBe('BAD_REQUEST'),
  )

  test('two lengths, even if they are equal', () => {
    expect(read('Content-Length: 3', 'content-length: 3')).toBe('BAD_REQUEST')
  })

  test('a length and a coding', () => {
    expect(read('Content-Length: 3', 'Transfer-Encoding: chunked')).toBe('BAD_REQUEST')
    expect(read('Transfer-Encoding: x', 'Content-Length: 3')).toBe('BAD_REQUEST')
  })
})

describe('a head is bounded', () => {
  const long = (bytes: number) => get(`X-A: ${'a'.repeat(bytes - get('X-A: ').length)}`)

  test('in bytes, with its empty lines', () => {
    expect(readText(long(200))).toMatchObject({ method: 'GET' })
    expect(readText(long(201))).toBe('HEAD_TOO_LARGE')
    expect(readText(`\r\n${long(199)}`)).toBe('HEAD_TOO_LARGE')
    expect(readText(long(201).slice(0, 199))).toBeNull()
    expect(readText(long(201).slice(0, 200))).toBe('HEAD_TOO_LARGE')
    expect(readText('\r\n'.repeat(100))).toBe('HEAD_TOO_LARGE')
    expect(readText('A'.repeat(200))).toBe('HEAD_TOO_LARGE')
  })

  test('and reports the target if that is too long', () => {
    const target = `/${'a'.repeat(50)}`
    expect(readText(`GET /${'a'.repeat(300)}`)).toBe('TARGET_TOO_LONG')
    expect(readText(`GET ${target} HTTP/1.1\r\nX-A: ${'a'.repeat(200)}`)).toBe('TARGET_TOO_LONG')
    expect(readText(`GET ${target.slice(1)} HTTP/1.1\r\nX-A: ${'a'.repeat(200)}`)).toBe('HEAD_TOO_LARGE')
    // A whole head within the bound is answered like any other request.
    expect(readText(head(`GET ${target} HTTP/1.1`))).toMatchObject({ target })
  })

  test('in fields, of which one more is kept and the others are checked', () => {
    const fields = ['A: 1', 'B: 2', 'C: 3', 'D: 4', 'E: 5']
    expect(read(...fields)).toMatchObject({ fields: ['A', '1', 'B', '2', 'C', '3', 'D', '4'] })
    expect(read(...fields, 'F : 6')).toBe('BAD_REQUEST')
  })
})

describe('a head in pieces', () => {
  const texts = [
    `\r\n${head('POST http://a.test/b?c HTTP/1.1', 'Host: a.test', 'Content-Length:  3 ', 'Connection: close')}abc`,
    head('GET / HTTP/1.0'),
    `GET /${'a'.repeat(300)}`,
    `GET /${'a'.repeat(60)} HTTP/1.1\r\nX-A: ${'a'.repeat(300)}`,
    `GET / HTTP/1.1\r\nX-A: ${'a'.repeat(300)}`,
    ...bad.map(([, text]) => `${text} HTTP/1.1\r\n\r\n`),
  ]

  test('is read the same as whole if it is cut anywhere', () => {
    for (const text of texts) {
      const { result, used } = readPieces(text, [])
      const ends = result !== null && typeof result === 'object' ? used : -1
      const check = (cuts: readonly number[]) => {
        const split = readPieces(text, cuts)
        expect(split.result, text).toEqual(result)
        if (ends !== -1) expect(split.used, text).toBe(ends)
      }
      for (let at = 1; at < text.length; at += 1) check([at])
      check(Array.from(text, (_, at) => at))
    }
  })

  test('does not change if the buffer of the pieces is used again', () => {
    const reader = new RequestHeadReader(bounds)
    const shared = Buffer.from(get('Host: a').slice(0, 20), 'latin1')
    expect(reader.read(shared, 0, 20)).toBeNull()
    shared.fill('x')
    const rest = Buffer.from(get('Host: a').slice(20), 'latin1')
    expect(reader.read(rest, 0, rest.length)).toMatchObject({ host: 'a' })
    rest.fill('x')
    expect(readText(get('Host: b'), reader)).toMatchObject({ host: 'b' })
  })

  test('is kept apart from the heads of other connections', () => {
    const [one, other] = [new RequestHeadReader(bounds), new RequestHeadReader(bounds)]
    expect(readText('GET /one HTTP/1.1\r\nHost: o', one)).toBeNull()
    expect(readText('POST /other HTTP/1.0\r\nA', other)).toBeNull()
    expect(readText(get('Host: third'))).toMatchObject({ host: 'third' })
    expect(readText('ne\r\n\r\n', one)).toMatchObject({ target: '/one', host: 'one', version: 11 })
    expect(readText(': 1\r\n\r\n', other)).toMatchObject({
      target: '/other',
      fields: ['A', '1'],
      version: 10,
    })
  })
})
