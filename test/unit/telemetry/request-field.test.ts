import { expect, test } from 'vitest'
import { requestField } from '../../../src/telemetry/request-field.ts'

test('a field that was not sent is absent, whatever its name', () => {
  for (const name of ['constructor', '__proto__', 'tostring', 'host']) {
    expect(requestField([], name), name).toBeUndefined()
    expect(requestField(['Other', name], name), name).toBeUndefined()
  }
  expect(requestField(['constructor', 'sent'], 'constructor')).toBe('sent')
})

test('the name is compared without case', () => {
  expect(requestField(['X-ONE', '1', 'x-two', '2'], 'x-one')).toBe('1')
  expect(requestField(['X-ONE', '1', 'x-two', '2'], 'x-two')).toBe('2')
})

test('the values of a repeated field are joined as one list, those of a cookie by semicolons', () => {
  const fields = ['Accept', 'a', 'Cookie', 'x=1', 'accept', 'b', 'cookie', 'y=2']
  expect(requestField(fields, 'accept')).toBe('a, b')
  expect(requestField(fields, 'cookie')).toBe('x=1; y=2')
})
