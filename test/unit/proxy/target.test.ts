import { expect, test } from 'vitest'
import { basePathOf, leavesRoot } from '../../../src/proxy/target.ts'

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

test('a base path has no slash at its end and no query', () => {
  expect(['/', '/base/', '/a/b?x'].map(basePathOf)).toEqual(['', '/base', '/a/b'])
})
