import { expect, test } from 'vitest'
import { responseHeaders } from '../../../src/http/fields/headers.ts'
import { findSuperlinear, hostileTexts } from '../../kit/attacks/growth.ts'
import { httpParsers, request } from './http-parsers.ts'
import { otherParsers } from './other-parsers.ts'

test.each([...httpParsers, ...otherParsers])(
  '$name: the time grows no faster than the text',
  { timeout: 120_000 },
  (parser) => {
    const { run, alphabet, beginnings = [] } = parser
    expect(findSuperlinear(run, hostileTexts(alphabet, beginnings))).toBeNull()
  },
)

test('many fields, each named by Connection, take linear time', { timeout: 120_000 }, () => {
  const many = (text: string) => {
    const names = Array.from({ length: text.length / 8 }, (_, at) => `x${at}`)
    const raw = ['Connection', names.join(), ...names.flatMap((name) => [name, '1'])]
    return [request(raw), responseHeaders(raw, 'edge')]
  }
  expect(findSuperlinear(many, [{ beginning: '', unit: 'a' }])).toBeNull()
})
