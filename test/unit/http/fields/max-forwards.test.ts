import { expect, test } from 'vitest'
import { countHop, hopsLeft } from '../../../../src/http/fields/max-forwards.ts'

test.each([
  ['OPTIONS', '0', 0],
  ['TRACE', '12', 12],
  ['GET', '0', null],
  ['options', '0', null],
  ['OPTIONS', '-1', null],
  ['OPTIONS', '1.5', null],
  ['OPTIONS', '', null],
  ['OPTIONS', '1234567890', null],
])('%s with Max-Forwards %j has this number of hops left: %j', (method, value, hops) => {
  expect(hopsLeft({ method, fields: ['Host', 'a', 'MAX-forwards', value] })).toBe(hops)
})

test('without the field, the number of hops is not limited', () => {
  expect(hopsLeft({ method: 'OPTIONS', fields: ['Host', '1'] })).toBeNull()
})

test('a hop is subtracted in place', () => {
  const fields = ['Host', 'a', 'max-Forwards', '3', 'Accept', '3']
  countHop(fields, 3)
  expect(fields).toEqual(['Host', 'a', 'max-Forwards', '2', 'Accept', '3'])
})
