import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isLimited, readRatePath } from '../../../../src/proxy/guard/rate-path.ts'

const counts = (path: string, prefix = '/login') => isLimited(prefix, readRatePath(path))

test.each([
  '/login',
  '/login/',
  '/login/x?y',
  '/login?x',
  '//login',
  '/./login',
  '/.//./login',
  '/%6cogin',
  '/%6Cogin',
  '/%256cogin',
  '/%2flogin',
  '/%2Flogin',
  '/login%2fx',
  '/LOGIN',
  '/Login/x',
  '/login;x',
  '/login;x=1/y',
  '/;x/login',
  '/login%3bx',
  '/login%3fx',
  '/login%23x',
  '/login%20',
  '/login%09',
  '/login%00',
  '/login.',
  '/login./x',
  '/../login',
  '/%2e%2e/login',
  '/%252e%252e/login',
  '/x/../login',
  '/x//../login',
  '/x/%2e./login',
  '/x/..;/login',
  '/x/..;a=b/login',
  '/x/..%20/login',
  '/x/.../login',
  '/x/..%2flogin',
  '/login/%2e%2e%2fother',
  '/login/../other',
  '/x\\..\\login',
  '/x%5c..%5clogin',
  '/x%5C..%5Clogin',
  '/x%255clogin',
  '/\\login',
  '/%zz/../login',
  '/%zz/login',
  '/login%',
  '/%u006cogin',
  '/%c0%ae%c0%ae/login',
  '/%c1%9clogin',
  '/%e0%80%afx',
  '/%f0%80%80%afx',
  '/%2525252e/login',
])('%j counts for /login', (path) => {
  expect(counts(path)).toBe(true)
})

test.each([
  '/',
  '/other',
  '/loginx',
  '/login-page',
  '/login.html',
  '/x/login',
  '/x;y/other',
  '/caf%C3%A9',
  '/100%25/x',
  '/file..txt',
  '/.well-known/x',
  '/a%20b/c',
  '/other?next=/../login',
])('%j does not count for /login', (path) => {
  expect(counts(path)).toBe(false)
})

test('a prefix is compared without case and decoded, at the end of a segment', () => {
  expect(counts('/API/v1', '/Api')).toBe(true)
  expect(counts('/caf%c3%a9/x', Buffer.from('/café').toString('latin1'))).toBe(true)
  expect(counts('/a;b/c', '/a;b')).toBe(true)
  expect(counts('/anything', '/')).toBe(true)
  expect(isLimited('/', readRatePath(null))).toBe(false)
})

test('no decoration of a path evades a rule', () => {
  const between = fc.constantFrom('/', '//', '/./', '/%2e/', '/;p/', '%2f', '/;/', '/%2E%2E/', '/x/../', '\\')
  const after = fc.constantFrom('', '/', ';a', '?a', '%3fa', '%20', '%00', '/../x', '.', '%2f..')
  const letter = (one: string) =>
    fc.constantFrom(
      one,
      one.toUpperCase(),
      `%${one.charCodeAt(0).toString(16)}`,
      `%25${one.charCodeAt(0).toString(16)}`,
    )
  const word = (text: string) => fc.tuple(...[...text].map(letter)).map((letters) => letters.join(''))
  fc.assert(
    fc.property(between, word('api'), between, word('login'), after, (first, api, second, login, last) => {
      expect(counts(first + api + second + login + last, '/api/login')).toBe(true)
    }),
    { numRuns: 1_000 },
  )
})
