import { expect, test } from 'vitest'
import { leavesRoot, upstreamOf } from '../../../src/proxy/target.ts'

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
])('leavesRoot(%s) is %s', (path, expected) => {
  expect(leavesRoot(path)).toBe(expected)
})

test('a base path has no slash at its end', () => {
  const paths = ['', '/', '/base/', '/a/b']
  expect(paths.map((path) => upstreamOf(`http://a.test${path}`).basePath)).toEqual(['', '', '/base', '/a/b'])
})
