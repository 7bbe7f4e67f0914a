import { expect, test } from 'vitest'
import { requestField } from '../../../src/telemetry/request-field.ts'

test('a field that was not sent is absent, whatever its name', () => {
  for (const name of ['constructor', '__proto__', 'tostring', 'host']) {
    expect(requestField({}, name), name).toBeUndefined()
    expect(requestField(Object.create(null), name), name).toBeUndefined()
  }
  expect(requestField({ constructor: 'sent' } as never, 'constructor')).toBe('sent')
})
