import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { type ErrorCode, errorTable } from '../../../src/errors.ts'
import { terminationOf, tunnelOutcome } from '../../../src/proxy/exchange/termination.ts'
import { endedBy, endedWhile, terminationWords } from '../../../src/telemetry/termination-words.ts'

const codes = Object.keys(errorTable) as ErrorCode[]
const bits = [false, true]
const standings = bits.flatMap((isAnswered) =>
  bits.flatMap((isRequestWhole) =>
    bits.flatMap((hasUpstream) =>
      bits.map((isConnected) => ({ isAnswered, isRequestWhole, hasUpstream, isConnected })),
    ),
  ),
)
const all = new Set([
  ...Object.values(tunnelOutcome).map(([termination]) => termination),
  ...codes.flatMap((code) => standings.map((standing) => terminationOf(code, standing))),
])

describe('the description of a termination', () => {
  test('names the cause of the end and its phase', () => {
    expect(terminationWords('KH')).toBe(
      'a drain timeout or an operator cut it off, while the proxy waited for the response head',
    )
    expect(terminationWords('SC')).toBe(
      'the upstream refused, closed early or sent an invalid response, while the upstream was dialled',
    )
    expect(terminationWords('--')).toBe('it completed')
  })

  test('exists for every possible termination and no other', () => {
    const ended = [...all].filter((one) => one !== '--')
    expect(ended.filter((one) => terminationWords(one).includes('unknown'))).toEqual([])
    expect(new Set(ended.map(([who]) => who))).toEqual(new Set(endedBy.keys()))
    expect(new Set(ended.map(([, phase]) => phase))).toEqual(new Set(endedWhile.keys()))
  })

  test('matches the manual', () => {
    const manual = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    for (const [letter, words] of [...endedBy, ...endedWhile])
      expect(manual).toContain(`| \`${letter}\` | ${words} |`)
  })
})
