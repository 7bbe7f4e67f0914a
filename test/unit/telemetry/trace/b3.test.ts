import { describe, expect, test } from 'vitest'
import { deniesB3, formatB3, parseB3, parseB3Multi } from '../../../../src/telemetry/trace/b3.ts'

const trace = '80f198ee56343ba864fe8b2a57d3eff7'
const span = 'e457b5a2e4d86bd1'

describe('b3 in one field', () => {
  test('contains ids and an optional decision', () => {
    expect(parseB3(`${trace}-${span}-1-05e3ac9a4f6e3b90`)).toEqual({
      traceId: trace,
      spanId: span,
      isSampled: true,
    })
    expect(parseB3(`${trace}-${span}-0`)?.isSampled).toBe(false)
    expect(parseB3(`${trace}-${span}-d`)?.isSampled).toBe(true)
    expect(parseB3(`${trace}-${span}`)?.isSampled).toBeNull()
    expect(parseB3(formatB3(trace, span, true))).toEqual({ traceId: trace, spanId: span, isSampled: true })
  })

  test('accepts ids of 64 bits and uppercase hex', () => {
    expect(parseB3(`64FE8B2A57D3EFF7-${span.toUpperCase()}-1`)).toEqual({
      traceId: '000000000000000064fe8b2a57d3eff7',
      spanId: span,
      isSampled: true,
    })
  })

  test('is not a context in any other form', () => {
    const wrong = [
      '',
      '0',
      '1',
      'd',
      trace,
      `${trace}-${span}-2`,
      `${trace}-${span}-1-`,
      `${trace}x-${span}-1`,
      `${'0'.repeat(32)}-${span}-1`,
      `${trace}-${'0'.repeat(16)}-1`,
      `${trace}-${span}-1-${span}-1`,
    ]
    for (const value of wrong) expect(parseB3(value), value).toBeNull()
  })

  test('denies a trace without ids only with 0', () => {
    expect(deniesB3('0')).toBe(true)
    for (const value of ['1', 'd', '', `${trace}-${span}-0`]) expect(deniesB3(value)).toBe(false)
  })
})

describe('b3 in several fields', () => {
  const fields = { traceId: trace, spanId: span, sampled: undefined, flags: undefined }

  test('has its decision in the sampled field or the flags field', () => {
    expect(parseB3Multi(fields)).toEqual({ traceId: trace, spanId: span, isSampled: null })
    for (const sampled of ['1', 'true']) expect(parseB3Multi({ ...fields, sampled })?.isSampled).toBe(true)
    for (const sampled of ['0', 'false']) expect(parseB3Multi({ ...fields, sampled })?.isSampled).toBe(false)
    expect(parseB3Multi({ ...fields, sampled: '0', flags: '1' })?.isSampled).toBe(true)
  })

  test('is not a context without an id or with an invalid value', () => {
    expect(parseB3Multi({ ...fields, traceId: undefined })).toBeNull()
    expect(parseB3Multi({ ...fields, spanId: undefined })).toBeNull()
    expect(parseB3Multi({ ...fields, spanId: 'x' })).toBeNull()
    expect(parseB3Multi({ ...fields, traceId: '0'.repeat(16) })).toBeNull()
    expect(parseB3Multi({ ...fields, sampled: 'yes' })).toBeNull()
  })
})
