import { describe, expect, test } from 'vitest'
import { judgeFirstLine } from '../../../../src/http/accept/first-line.ts'

const judge = (text: string) => judgeFirstLine(Buffer.from(text, 'latin1'))

describe('the first line of a connection', () => {
  test.each([
    'GET / HTTP/1.1\r\n',
    '\r\n\r\nGET / HTTP/1.0\r\nHo',
    'M-SEARCH * HTTP/2.0\r\n',
    'GET /\xe4 HTTP/1.1\r\n',
  ])('is accepted: %j', (text) => expect(judge(text)).toBe('good'))

  test.each([
    'GET  / HTTP/1.1\r\n',
    'GET /  HTTP/1.1\r\n',
    'GET / HTTP/1.1 \r\n',
    ' GET / HTTP/1.1\r\n',
    'GET\t/ HTTP/1.1\r\n',
    'GET / HTTP/1.1\n',
    'GET /\r\n',
    'GET / RTSP/1.0\r\n',
    'GET / http/1.1\r\n',
    'GET / HTTP/1.1.1\r\n',
    'GET /a b HTTP/1.1\r\n',
  ])('is rejected: %j', (text) => expect(judge(text)).toBe('bad'))

  test.each(['', '\r\n', 'G', 'GET /', 'GET / HTTP/1.1\r'])('is incomplete: %j', (text) =>
    expect(judge(text)).toBe('more'),
  )

  test('goes to the parser at once, for its error, if it cannot become a request or is too long', () => {
    expect(judge('\x16\x03\x01')).toBe('good')
    expect(judge(`GET /${'a'.repeat(16 * 1024)}`)).toBe('good')
  })
})
