import { expect, test } from 'vitest'
import { requestHead } from '../../../../../src/http/wire/client/request-head.ts'

type Request = Parameters<typeof requestHead>[0]

const plain: Request = {
  method: 'GET',
  path: '/a?b',
  fields: ['host', 'a.test'],
  body: null,
}
const text = (request: Partial<Request>) => requestHead({ ...plain, ...request }, 'up:80')?.text

test('a request is written with its fields in their order', () => {
  expect(text({ fields: ['X-A', '1', 'host', 'a.test', 'X-A', '\xe9'] })).toBe(
    'GET /a?b HTTP/1.1\r\nX-A: 1\r\nhost: a.test\r\nX-A: \xe9\r\nConnection: keep-alive\r\n\r\n',
  )
})

test('a request without Host gets the authority of the upstream', () => {
  expect(text({ fields: [] })).toContain('\r\nHost: up:80\r\n')
  expect(text({})).not.toContain('up:80')
})

test('a body is chunked only if its length is unknown', () => {
  expect(text({ method: 'POST', body: { isAwaited: false } })).toContain('\r\nTransfer-Encoding: chunked\r\n')
  const head = requestHead(
    { ...plain, body: { isAwaited: false }, fields: ['Content-Length', '12'] },
    'up:80',
  )
  expect(head?.text).not.toContain('chunked')
  expect(head?.length).toBe(12)
})

test('a method that usually has content gets Content-Length: 0 without a body', () => {
  for (const method of ['POST', 'PUT', 'PATCH'])
    expect(text({ method })).toContain('\r\nContent-Length: 0\r\n')
  for (const method of ['GET', 'DELETE', 'OPTIONS']) expect(text({ method })).not.toContain('Content-Length')
})

test('a connection is not used again after HEAD', () => {
  expect(text({ method: 'HEAD' })).toContain('\r\nConnection: close\r\n')
})

for (const [what, request] of [
  ['a line end in a value', { fields: ['X-A', '1\r\nX-B: 2'] }],
  ['a carriage return in a value', { fields: ['X-A', '1\r2'] }],
  ['NUL in a value', { fields: ['X-A', '\0'] }],
  ['a character beyond latin1', { fields: ['X-A', '\u010a'] }],
  ['a blank in a name', { fields: ['X A', '1'] }],
  ['an empty name', { fields: ['', '1'] }],
  ['a blank in the path', { path: '/a b' }],
  ['a line end in the path', { path: '/a\r\nX: 1' }],
  ['a path beyond latin1', { path: '/\u0120' }],
  ['no path', { path: '' }],
  ['an invalid method', { method: 'GET /' }],
  ['two lengths', { body: { isAwaited: false }, fields: ['Content-Length', '1', 'content-length', '1'] }],
  ['an invalid length', { body: { isAwaited: false }, fields: ['Content-Length', '1, 1'] }],
  ['a length and no body', { fields: ['Content-Length', '1'] }],
] as const) {
  test(`a request with ${what} is not written`, () => expect(text(request)).toBeUndefined())
}
