import { expect, test } from 'vitest'
import { leavesRoot, upstreamOf } from '../../../../src/proxy/decide/target.ts'

test.each([
  ['/', false],
  ['/a/../b', false],
  ['/..', true],
  ['/a/../..', true],
  ['/%2E./x', true],
  ['/a%5c..%5C..', true],
  ['//../x', true],
  ['/...', false],
  ['/a?/../..', false],
  ['/..;/x', true],
  ['/..;a=b/x', true],
  ['/a/..;/..;/x', true],
  ['/..%3b/x', true],
  ['/%252e%252e/x', true],
  ['/%252e%252e%252fx', true],
  ['/%25252e./x', true],
  ['/a;b/../c', false],
  ['/100%25/%20', false],
  ['/..x;y', false],
])('leavesRoot(%s) is %s', (path, expected) => {
  expect(leavesRoot(path)).toBe(expected)
})

test('a base path has no trailing slash', () => {
  const paths = ['', '/', '/base/', '/a/b']
  expect(paths.map((path) => upstreamOf(`http://a.test${path}`).basePath)).toEqual(['', '', '/base', '/a/b'])
})
