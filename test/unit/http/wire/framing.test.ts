import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { connectionOptions, isChunked, option, readLength } from '../../../../src/http/wire/framing.ts'

const { close, keepAlive, upgrade } = option

describe('the options of Connection', () => {
  test.each([
    ['close', close],
    ['Close', close],
    ['KEEP-ALIVE', keepAlive],
    ['Upgrade', upgrade],
    ['keep-alive, Upgrade', keepAlive | upgrade],
    [' \tclose\t ,,x , upgrade', close | upgrade],
    [',close', close],
    ['close,', close],
    ['', 0],
    [',', 0],
    ['closed', 0],
    ['clos', 0],
    ['close;q=1', 0],
    ['close upgrade', 0],
    ['keep_alive', 0],
    ['keep\ralive', 0],
    ['x-close', 0],
  ])('%j', (value, options) => expect(connectionOptions(value)).toBe(options))

  test('are found as by splitting at the commas', () => {
    const part = fc.constantFrom('close', 'Keep-Alive', 'upgrade', 'x', '', ' ', '\t', ',', ', ')
    fc.assert(
      fc.property(fc.array(part), (parts) => {
        const value = parts.join('')
        const tokens = value.split(',').map((token) => token.replace(/^[ \t]+|[ \t]+$/g, '').toLowerCase())
        const has = (token: string, bit: number) => (tokens.includes(token) ? bit : 0)
        expect(connectionOptions(value)).toBe(
          has('close', close) | has('keep-alive', keepAlive) | has('upgrade', upgrade),
        )
      }),
    )
  })
})

test('a length has 1 to 15 digits', () => {
  expect(readLength('0')).toBe(0)
  expect(readLength('007')).toBe(7)
  expect(readLength('9'.repeat(15))).toBe(999_999_999_999_999)
  for (const value of [
    '',
    '9'.repeat(16),
    '+1',
    '-1',
    ' 1',
    '1 ',
    '1,1',
    '0x1',
    '1.0',
    '1e1',
    '\xb2',
    '\u0663',
  ])
    expect(readLength(value), value).toBe(-1)
})

test('only chunked alone is chunked', () => {
  for (const value of ['chunked', 'Chunked', 'CHUNKED']) expect(isChunked(value), value).toBe(true)
  for (const value of ['', 'chunke', 'chunkedx', 'xchunked', 'chunked, chunked', 'gzip', 'chunKe\x04'])
    expect(isChunked(value), value).toBe(false)
})
