import { expect, test } from 'vitest'
import { responseHeaders } from '../../../src/http/fields/headers.ts'
import { hostileTexts, superlinear } from '../../kit/attacks/growth.ts'
import { httpParsers, request } from './http-parsers.ts'
import { otherParsers } from './other-parsers.ts'

test.each([...httpParsers, ...otherParsers])(
  '$name: the time grows no faster than 64 KiB of text',
  { timeout: 120_000 },
  (parser) => {
    const { run, alphabet, beginnings = [] } = parser
    expect(superlinear(run, hostileTexts(alphabet, beginnings))).toBeNull()
  },
)

test('many fields, each of them named by Connection', { timeout: 120_000 }, () => {
  const many = (text: string) => {
    const names = Array.from({ length: text.length / 8 }, (_, at) => `x${at}`)
    const raw = ['Connection', names.join(), ...names.flatMap((name) => [name, '1'])]
    return [request(raw), responseHeaders(raw, 'edge')]
  }
  expect(superlinear(many, [{ beginning: '', unit: 'a' }])).toBeNull()
})
