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

describe('the words of a termination', () => {
  test('say who ended it, and in which phase', () => {
    expect(terminationWords('KH')).toBe(
      'it was cut off by the end of a drain, or by an operator, while its response head was awaited',
    )
    expect(terminationWords('SC')).toBe(
      'the upstream refused, broke off or answered nonsense, while the upstream was dialled',
    )
    expect(terminationWords('--')).toBe('it came to its end')
  })

  test('are there for each that can be, and for no other', () => {
    const ended = [...all].filter((one) => one !== '--')
    expect(ended.filter((one) => terminationWords(one).includes('not known'))).toEqual([])
    expect(new Set(ended.map(([who]) => who))).toEqual(new Set(endedBy.keys()))
    expect(new Set(ended.map(([, phase]) => phase))).toEqual(new Set(endedWhile.keys()))
  })

  test('are those of the manual', () => {
    const manual = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
    for (const [letter, words] of [...endedBy, ...endedWhile])
      expect(manual).toContain(`| \`${letter}\` | ${words} |`)
  })
})
