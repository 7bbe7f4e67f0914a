import { expect, test } from 'vitest'
import { distinguishedName, withSubject } from '../../../../src/proxy/exchange/client-subject.ts'

test('a subject is one line of visible ASCII, innermost part first', () => {
  expect(distinguishedName('C=DE\nO=Föö\r\nCN=anna')).toBe('CN=anna,O=F\\C3\\B6\\C3\\B6\\0D,C=DE')
})

test('reserved fields are removed in every spelling; all others keep their order', () => {
  const fields = ['A', '1', 'x_client-Subject', 'forged', 'B', '2']
  const reserved = new Set(['x-client-subject'])
  expect(withSubject(fields, reserved, { header: 'X-Client-Subject', value: 'CN=a' })).toEqual([
    'A',
    '1',
    'B',
    '2',
    'X-Client-Subject',
    'CN=a',
  ])
  expect(withSubject(fields, reserved, null)).toEqual(['A', '1', 'B', '2'])
})
