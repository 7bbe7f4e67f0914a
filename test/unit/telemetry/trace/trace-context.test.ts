import { describe, expect, test } from 'vitest'
import {
  formatTraceparent,
  parseTraceparent,
  readTracestate,
  seemsSampled,
} from '../../../../src/telemetry/trace/trace-context.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'

describe('traceparent', () => {
  test('is read with its flag and written unchanged', () => {
    const sampled = `00-${trace}-${span}-01`
    expect(parseTraceparent(sampled)).toEqual({ traceId: trace, spanId: span, isSampled: true })
    expect(parseTraceparent(`00-${trace}-${span}-00`)?.isSampled).toBe(false)
    expect(formatTraceparent(trace, span, true)).toBe(sampled)
    expect(formatTraceparent(trace, span, false)).toBe(`00-${trace}-${span}-00`)
  })

  test('has its sampled flag read among others', () => {
    for (const [flags, isSampled] of [
      ['03', true],
      ['02', false],
      ['ff', true],
      ['fe', false],
    ] as const) {
      expect(parseTraceparent(`00-${trace}-${span}-${flags}`)?.isSampled).toBe(isSampled)
    }
  })

  test.each([
    ['an empty value', ''],
    ['an id in capitals', `00-${trace.toUpperCase()}-${span}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${span}-01`],
    ['a span id of zeros', `00-${trace}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${trace}-${span}-01`],
    ['a version that is not hex', `0g-${trace}-${span}-01`],
    ['a version of one digit', `0-${trace}-${span}-01`],
    ['more than version 00 has', `00-${trace}-${span}-01-more`],
    ['a dash more than version 00 has', `00-${trace}-${span}-01-`],
    ['more of a later version without a dash', `01-${trace}-${span}-01more`],
    ['flags that are not hex', `00-${trace}-${span}-0x`],
    ['flags of one digit', `00-${trace}-${span}-1`],
    ['a trace id that is too short', `00-${trace.slice(1)}-${span}-01`],
    ['a trace id that is not hex', `00-${trace.slice(1)}g-${span}-01`],
    ['other separators', `00_${trace}_${span}_01`],
    ['spaces around', ` 00-${trace}-${span}-01`],
    ['two fields, as node:http joins them', `00-${trace}-${span}-01, 00-${trace}-${span}-01`],
    ['a trailing line end', `00-${trace}-${span}-01\n`],
  ])('is invalid with %s', (_, value) => {
    expect(parseTraceparent(value)).toBeNull()
  })

  test('of a later version is read as far as version 00 goes', () => {
    for (const value of [`01-${trace}-${span}-01`, `cc-${trace}-${span}-01-what-comes`]) {
      expect(parseTraceparent(value)).toEqual({ traceId: trace, spanId: span, isSampled: true })
    }
  })

  test('has the same flag in the quick check as in the parser', () => {
    for (let flags = 0; flags < 256; flags += 1) {
      const value = `00-${trace}-${span}-${flags.toString(16).padStart(2, '0')}`
      expect(seemsSampled(value)).toBe(parseTraceparent(value)?.isSampled)
    }
    expect(seemsSampled('00-short')).toBe(false)
  })
})

describe('tracestate', () => {
  test('is a list of members without surrounding spaces and empty members', () => {
    expect(readTracestate('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')).toBe(
      'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    )
    expect(readTracestate(' a=1 ,\t, 1tenant@sys=x y ')).toBe('a=1,1tenant@sys=x y')
  })

  test.each([
    ['an empty value', ''],
    ['only empty members', ', ,'],
    ['a key in capitals', 'A=1'],
    ['a key that begins with a digit and has no system', '1a=1'],
    ['a member without a value', 'a='],
    ['a member without a key', '=1'],
    ['a second equals sign', 'a=b=c'],
    ['a key twice', 'a=1,a=2'],
    ['a value outside ASCII', 'a=\xfc'],
    ['a key of 257 characters', `${'a'.repeat(257)}=1`],
    ['a value of 257 characters', `a=${'1'.repeat(257)}`],
    ['33 members', Array.from({ length: 33 }, (_, at) => `k${at}=1`).join(',')],
  ])('is invalid with %s', (_, value) => {
    expect(readTracestate(value)).toBeNull()
  })

  test('may have 32 members and keys and values of 256 characters', () => {
    expect(readTracestate(Array.from({ length: 32 }, (_, at) => `k${at}=1`).join(','))).not.toBeNull()
    expect(readTracestate(`${'a'.repeat(256)}=1`)).not.toBeNull()
    expect(readTracestate(`a=${'1'.repeat(256)}`)).not.toBeNull()
  })

  test('is shortened to 512 characters: long members first, then from the end', () => {
    const long = `long=${'x'.repeat(200)}`
    const others = Array.from({ length: 20 }, (_, at) => `k${at}=${'y'.repeat(15)}`)
    expect(readTracestate([long, ...others].join(','))).toBe(others.join(','))
    const many = Array.from({ length: 32 }, (_, at) => `k${at}=${'y'.repeat(15)}`)
    const kept = readTracestate(many.join(','))
    expect(kept?.length).toBeLessThanOrEqual(512)
    expect(many.join(',').startsWith(`${kept},`)).toBe(true)
  })
})
