import { expect, test } from 'vitest'
import { countOf, fieldOf } from '../../../../src/http/fields/lookup.ts'

const fields = ['Host', 'a.test', 'X-One', '1', 'x-one', '2', 'Accept', 'host']

test('the value of the first field of a name is found without regard to case', () => {
  expect(fieldOf(fields, 'host')).toBe('a.test')
  expect(fieldOf(fields, 'x-one')).toBe('1')
  expect(fieldOf(fields, 'accept')).toBe('host')
})

test('an absent field is undefined, an empty one is not', () => {
  expect(fieldOf(fields, 'hosts')).toBeUndefined()
  expect(fieldOf(fields, '1')).toBeUndefined()
  expect(fieldOf([], 'host')).toBeUndefined()
  expect(fieldOf(['Host', ''], 'host')).toBe('')
})

test('the fields of a name are counted, and values are not', () => {
  expect(countOf(fields, 'x-one')).toBe(2)
  expect(countOf(fields, 'host')).toBe(1)
  expect(countOf(fields, 'a.test')).toBe(0)
  expect(countOf([], 'host')).toBe(0)
})
