import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ResponseReader } from '../../../../../src/http/wire/client/reader.ts'
import { maxSectionBytes } from '../../../../../src/http/wire/fields.ts'

/** Reads a response that arrives in the given pieces; the last line is how it ended. */
function readAll(pieces: readonly string[], isHeadRequest = false): readonly string[] {
  const seen: string[] = []
  let body = ''
  const reader = new ResponseReader({
    takeHead: ({ status }) => seen.push(`head ${status}`),
    takeData: (piece) => {
      body += piece.toString('latin1')
    },
    takeEnd: (trailers, hasMore) =>
      seen.push(`body ${body}`, `end ${trailers?.join('=') ?? '-'}${hasMore ? ' and more' : ''}`),
    takeFault: (what) => seen.push(`fault ${what}`),
  })
  reader.start(isHeadRequest)
  // One buffer for all pieces, as in a connection.
  const shared = Buffer.alloc(64 * 1024)
  for (const piece of pieces) reader.read(shared, shared.write(piece, 'latin1'))
  return seen
}

/** Cuts a text at random places. */
const cuts = (text: string) =>
  fc
    .uniqueArray(fc.integer({ min: 1, max: text.length - 1 }), { maxLength: 40 })
    .map((places) => [0, ...places.sort((one, other) => one - other), text.length])
    .map((places) => places.slice(1).map((end, at) => text.slice(places[at], end)))

const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

describe('a response is read the same in any pieces', () => {
  for (const [text, expected] of [
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', ['head 200', 'body hello', 'end -']],
    [
      `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n${chunkedHead}5;a=b\r\nhello\r\nA\r\n1234567890\r\n0\r\nX-Sum: 7\r\nX-B:\r\n\r\n`,
      ['head 103', 'head 100', 'head 200', 'body hello1234567890', 'end X-Sum=7=X-B='],
    ],
    [`${chunkedHead}0000\r\n\r\n`, ['head 200', 'body ', 'end ']],
    ['HTTP/1.1 204 No Content\r\n\r\n', ['head 204', 'body ', 'end -']],
  ] as const) {
    test(JSON.stringify(text.slice(0, 60)), () => {
      fc.assert(
        fc.property(cuts(text), (pieces) => {
          expect(readAll(pieces)).toEqual(expected)
        }),
      )
    })
  }
})

describe('bytes after a response are reported', () => {
  for (const text of [
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    'HTTP/1.1 304 Not Modified\r\n\r\n',
    `${chunkedHead}2\r\nok\r\n0\r\n\r\n`,
  ]) {
    test(JSON.stringify(text), () => {
      expect(readAll([text]).at(-1)).not.toContain('and more')
      expect(readAll([`${text}HTTP/1.1 200 OK\r\n\r\n`]).at(-1)).toContain('and more')
    })
  }

  test('a body after the response to HEAD counts as such', () => {
    expect(readAll(['HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'], true).at(-1)).toBe('end - and more')
  })
})

describe('chunks are refused', () => {
  for (const [what, body] of [
    ['without a size', '\r\n\r\n'],
    ['with an invalid size', 'x\r\n'],
    ['with a sign', '+2\r\nok\r\n'],
    ['with a blank before the size', ' 2\r\nok\r\n'],
    ['with a blank after the size', '2 \r\nok\r\n'],
    ['with 0x', '0x2\r\nok\r\n'],
    ['of a size with thirteen digits', `${'f'.repeat(13)}\r\n`],
    ['with a bare line feed after the size', '2\nok\r\n'],
    ['with a bare carriage return after the size', '2\rXok\r\n'],
    ['that are longer than their size', '2\r\nokay\r\n'],
    ['with a bare line feed after the data', '2\r\nok\n0\r\n\r\n'],
    ['with a line feed in an extension', '2;a\nb\r\nok\r\n'],
    ['with a control character in an extension', '2;\x01\r\nok\r\n'],
    ['with a trailer that is not a field', '0\r\nno field\r\n\r\n'],
    ['with a folded trailer', '0\r\nX-A: 1\r\n 2\r\n\r\n'],
  ] as const) {
    test(what, () => expect(readAll([chunkedHead + body]).at(-1)).toBe('fault a chunk that is not valid'))
  }

  test('with endless extensions or trailers', () => {
    const long = 'x'.repeat(maxSectionBytes / 2)
    const many = `1;${long}\r\na\r\n`
    expect(readAll([chunkedHead, many, many, many]).at(-1)).toContain('fault')
    expect(readAll([chunkedHead, '0\r\n', `A: ${long}\r\n`, `B: ${long}\r\n`]).at(-1)).toContain('fault')
  })
})

test('a head is bounded, a body is not', () => {
  const long = `X: ${'x'.repeat(maxSectionBytes)}\r\n`
  expect(readAll(['HTTP/1.1 200 OK\r\n', long])).toEqual(['fault a head that is too large'])
  expect(readAll([`HTTP/1.1 200 OK\r\n${long}\r\n`])).toEqual(['fault a head that is too large'])
  const body = 'x'.repeat(60_000)
  expect(readAll(['HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n', body]).at(1)).toBe(`body ${body}`)
})

test('nothing is read after a fault', () => {
  const faults: string[] = []
  const reader = new ResponseReader({
    takeHead: () => {},
    takeData: () => {},
    takeEnd: () => {},
    takeFault: (what) => faults.push(what),
  })
  reader.start(false)
  for (const piece of ['220 mail', 'HTTP/1.1 200 OK\r\n\r\n', '220']) {
    reader.read(Buffer.from(piece), piece.length)
  }
  expect(faults).toEqual(['no HTTP/1 response'])
})

test('another protocol is detected before the head is complete', () => {
  expect(readAll(['220 mail'])).toEqual(['fault no HTTP/1 response'])
})
