import fc from 'fast-check'
import { expect, test } from 'vitest'
import { basicChallenge, basicToken, readCredentials } from '../../../../../src/proxy/guard/auth/basic.ts'

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')

test.each([
  ['Basic QTpC', 'QTpC'],
  ['bAsIc   QTpCQw==', 'QTpCQw=='],
  ['Basic', null],
  ['Basic ', null],
  ['Basic QTpC QTpC', null],
  ['Basic QTpC===', null],
  ['Basic QTp-', null],
  ['Bearer QTpC', null],
  ['XBasic QTpC', null],
])('the token of %j', (field, token) => {
  expect(basicToken(field)).toBe(token)
})

test.each([
  ['user:pass', { user: 'user', password: 'pass' }],
  ['user:pa:ss', { user: 'user', password: 'pa:ss' }],
  [':', { user: '', password: '' }],
  ['üser:pässwörd', { user: 'üser', password: 'pässwörd' }],
  ['\u{feff}a:b', { user: '\u{feff}a', password: 'b' }],
  ['user', null],
  ['', null],
  ['us\u0000er:pass', null],
  ['user:pa\nss', null],
  [new Uint8Array([0xff, 0x3a, 0x61]), null],
])('credentials %j', (text, credentials) => {
  expect(readCredentials(base64(text))).toEqual(credentials)
})

const printable = fc
  .string({ unit: 'grapheme' })
  .filter((text) => !/[\p{Cc}]/u.test(text) && text.isWellFormed())

test('any user without colon and any password are read unchanged', () => {
  fc.assert(
    fc.property(
      printable.filter((text) => !text.includes(':')),
      printable,
      (user, password) => {
        const field = `Basic ${base64(`${user}:${password}`)}`
        expect(readCredentials(basicToken(field) ?? '')).toEqual({ user, password })
      },
    ),
  )
})

test('any bytes are read or refused, and never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.string(), (bytes, text) => {
      const read = readCredentials(base64(bytes))
      if (read !== null) expect(`${read.user}:${read.password}`).toBe(Buffer.from(bytes).toString())
      basicToken(`Basic ${text}`)
      readCredentials(text)
    }),
  )
})

test('a realm with quotes stays one quoted string', () => {
  expect(basicChallenge('a "b" \\c')).toBe('Basic realm="a \\"b\\" \\\\c", charset="UTF-8"')
})
