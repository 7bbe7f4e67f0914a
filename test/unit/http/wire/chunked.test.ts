import { describe, expect, test } from 'vitest'
import { ChunkedDecoder } from '../../../../src/http/wire/chunked.ts'
import { maxSectionBytes } from '../../../../src/http/wire/fields.ts'

interface Decoded {
  readonly pieces: readonly string[]
  /** Place of the byte after the body; -1 if it is refused, null if it is not complete. */
  readonly end: number | null
  readonly trailers: readonly string[]
}

/** Decodes a text in pieces of `length` bytes, each of which is overwritten afterwards. */
function decode(text: string, length = text.length): Decoded {
  const decoder = new ChunkedDecoder()
  const pieces: Buffer[] = []
  const sink = { takeData: (piece: Buffer) => pieces.push(piece) }
  const texts = () => pieces.map((piece) => piece.toString('latin1'))
  for (let at = 0; at < text.length; at += length) {
    const bytes = Buffer.from(`..${text.slice(at, at + length)}..`, 'latin1')
    const stop = decoder.take(bytes, 2, bytes.length - 2, sink)
    bytes.fill('x')
    if (stop === -1) return { pieces: texts(), end: -1, trailers: [] }
    if (decoder.isDone) return { pieces: texts(), end: at + stop - 2, trailers: decoder.trailers }
  }
  return { pieces: texts(), end: null, trailers: [] }
}

const bodyOf = ({ pieces }: Decoded) => pieces.join('')

describe('a chunked body', () => {
  const body = '3;a=b\r\nabc\r\n0a\r\n1234567890\r\n000\r\nX-Sum: 7\r\nX-B:\r\n\r\n'

  test('is its data, followed by trailers', () => {
    expect(decode(`${body}GET /`)).toEqual({
      pieces: ['abc1234567890'],
      end: body.length,
      trailers: ['X-Sum', '7', 'X-B', ''],
    })
  })

  test('is the same in pieces of any length', () => {
    for (let length = 1; length < body.length; length += 1) {
      const decoded = decode(`${body}GET /`, length)
      expect(bodyOf(decoded)).toBe('abc1234567890')
      expect(decoded).toMatchObject({ end: body.length, trailers: ['X-Sum', '7', 'X-B', ''] })
    }
  })

  test('has one piece of data for each read, however small its chunks are', () => {
    const many = '1\r\na\r\n'.repeat(1_000)
    expect(decode(`${many}0\r\n\r\n`).pieces).toEqual(['a'.repeat(1_000)])
    expect(decode(`${many}0\r\n\r\n`, 600).pieces.length).toBe(10)
  })

  test('has data before a fault', () => {
    expect(decode('1\r\na\r\nx')).toEqual({ pieces: ['a'], end: -1, trailers: [] })
  })

  test('may have chunks of up to 2^48 bytes', () => {
    expect(decode(`${'f'.repeat(12)}\r\nab`)).toMatchObject({ pieces: ['ab'], end: null })
    expect(decode('0'.repeat(13)).end).toBe(-1)
  })
})

describe('an extension', () => {
  test.each([
    ';a',
    ';a=b',
    ';a="b"',
    ';a=""',
    ';a="b c;\\"d\\\\=\xff\t"',
    ';a;b=c;d="e"',
    ' ;a',
    '\t \t;\t a',
    ';a = b',
    ';a=\t"b" ; c',
    ';a ;b',
  ])('is skipped: %j', (extension) => {
    for (const length of [undefined, 1]) {
      const decoded = decode(`1${extension}\r\na\r\n0${extension}\r\n\r\n`, length)
      expect(bodyOf(decoded)).toBe('a')
      expect(decoded.end).not.toBeNull()
      expect(decoded.end).not.toBe(-1)
    }
  })

  test.each([
    ' ',
    '\t',
    ';',
    '; ',
    ';;a',
    ';a ',
    ';a=b ',
    ';a=',
    ';a= ',
    ';=b',
    ';a b',
    ';a=b c',
    ';a="b"c',
    ';a="b',
    ';a=b"c"',
    ';a="\x01"',
    ';a="\\\x01"',
    ';a\0',
    ';a=\x7f',
    ';\xff',
    ';a=b=c',
    '=b',
    'x',
  ])('is refused: %j', (extension) => {
    expect(decode(`1${extension}\r\na\r\n0\r\n\r\n`).end).toBe(-1)
    expect(decode(`1${extension}\r\na\r\n0\r\n\r\n`, 1).end).toBe(-1)
  })

  test('is bounded, together with the others of the body', () => {
    const long = `1;${'x'.repeat(maxSectionBytes / 2 - 2)}\r\na\r\n`
    expect(decode(`${long}${long}`).end).toBeNull()
    expect(decode(`${long}${long}1;a`).end).toBe(-1)
    expect(decode(`1${' '.repeat(maxSectionBytes + 1)}`).end).toBe(-1)
  })
})

describe('a trailer section is refused', () => {
  test.each([
    'X-A\r\n\r\n',
    ': 1\r\n\r\n',
    'X-A : 1\r\n\r\n',
    'X-A: 1\r\n 2\r\n\r\n',
    'X-A: 1\n\r\n',
    'X-A: \0\r\n\r\n',
    '\n',
    'Content-Length: 3\r\n\r\n',
    'transfer-encoding: chunked\r\n\r\n',
  ])('%j', (section) => {
    expect(decode(`0\r\n${section}`).end).toBe(-1)
    expect(decode(`0\r\n${section}`, 1).end).toBe(-1)
  })

  test('with more than 16 KiB', () => {
    const section = (bytes: number) => `0\r\nX-A: ${'a'.repeat(bytes - 9)}\r\n\r\n`
    for (const length of [undefined, 1_000]) {
      expect(decode(section(maxSectionBytes), length).end).toBe(3 + maxSectionBytes)
      expect(decode(section(maxSectionBytes + 1), length).end).toBe(-1)
    }
  })

  test('with more than 100 fields', () => {
    expect(decode(`0\r\n${'A: 1\r\n'.repeat(100)}\r\n`).trailers.length).toBe(200)
    expect(decode(`0\r\n${'A: 1\r\n'.repeat(101)}\r\n`).end).toBe(-1)
  })
})
