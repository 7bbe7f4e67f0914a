import { expect, test } from 'vitest'
import { readH2Fields } from '../../../../src/http/h2/fields.ts'

const head = [':method', 'GET', ':scheme', 'https', ':authority', 'a.test', ':path', '/x']

test('pseudo-fields are separated, and Host is set from :authority', () => {
  expect(readH2Fields([...head, 'x-a', '1', 'x-a', '2'])).toEqual({
    method: 'GET',
    scheme: 'https',
    authority: 'a.test',
    path: '/x',
    fields: ['host', 'a.test', 'x-a', '1', 'x-a', '2'],
    bytes: [...head, 'x-a', '1', 'x-a', '2'].join('').length,
  })
})

test('a received Host is kept and not duplicated', () => {
  expect(readH2Fields([...head, 'host', 'b.test']).fields).toEqual(['host', 'b.test'])
  const withoutAuthority = readH2Fields([':method', 'GET', 'host', 'b.test'])
  expect(withoutAuthority).toMatchObject({ authority: undefined, fields: ['host', 'b.test'] })
})

test('the crumbs of a Cookie become one field, in place of the first', () => {
  const { fields } = readH2Fields([...head, 'cookie', 'a=1', 'x', 'y', 'cookie', 'b=2', 'cookie', 'c=3'])
  expect(fields).toEqual(['host', 'a.test', 'cookie', 'a=1; b=2; c=3', 'x', 'y'])
})

test('unknown pseudo-fields are dropped as well', () => {
  expect(readH2Fields([...head, ':protocol', 'websocket', ':odd', '1']).fields).toEqual(['host', 'a.test'])
})
