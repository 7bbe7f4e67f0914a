import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AccessRecord } from '../../../../src/telemetry/access-log/access-record.ts'
import { compileFormat, formatFault } from '../../../../src/telemetry/access-log/format.ts'
import { LogChunk } from '../../../../src/telemetry/lines/chunk.ts'
import { chunkBytes } from '../../../../src/telemetry/lines/writer.ts'
import { accessRecord as record } from '../../../kit/telemetry/access-record.ts'

const names = { worker: 'reverse_proxy', instance: 'reverse_proxy#1' }
function line(format: string, changes: Partial<AccessRecord> = {}): string {
  const chunk = new LogChunk(chunkBytes)
  expect(compileFormat(format, names)({ ...record, ...changes }, chunk)).toBe(true)
  return chunk.bytes.toString('latin1', 0, chunk.length)
}
const json = (changes: Partial<AccessRecord> = {}) => JSON.parse(line('json', changes))

describe('a line in JSON', () => {
  test('has every field, with null for a missing value', () => {
    const { time, ...rest } = json()
    expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(5_000)
    expect(rest).toEqual({
      worker: 'reverse_proxy',
      instance: 'reverse_proxy#1',
      service: 'reverse',
      client: '192.0.2.1',
      request_id: null,
      trace_id: null,
      span_id: null,
      user: null,
      method: 'GET',
      scheme: 'http',
      host: 'www.test',
      path: '/a?b=c',
      version: '1.1',
      status: 200,
      termination: '--',
      error: null,
      upstream: 'http://127.0.0.1:3000',
      attempts: 1,
      reused: false,
      bytes_received: 100,
      bytes_sent: 200,
      head_ms: 1.5,
      connect_ms: 0.25,
      response_ms: 2,
      total_ms: 3.123,
      tunnel_end: null,
    })
  })

  test('has null for every request field if no request was read', () => {
    const nothing = { method: null, target: null, host: undefined, version: 0, fields: [], upstream: null }
    const times = { headMs: -1, connectedAt: 0, answeredAt: 0, status: 0 }
    expect(json({ ...nothing, ...times })).toMatchObject({
      method: null,
      scheme: null,
      host: null,
      path: null,
      version: null,
      status: null,
      reused: null,
      head_ms: null,
      connect_ms: null,
      response_ms: null,
    })
  })

  test('has the start of the exchange as its time, to the millisecond', () => {
    const before = Date.now()
    const at = Date.parse(json({ startedAt: 0, endedAt: 60_007 }).time)
    expect(at).toBeGreaterThanOrEqual(before - 60_007)
    expect(at).toBeLessThanOrEqual(Date.now() - 60_006)
    expect(json().time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  test('takes the host of an absolute target and of CONNECT from the target', () => {
    expect(json({ target: 'HTTPS://other.test:8/p?q' })).toMatchObject({
      scheme: 'https',
      host: 'other.test:8',
      path: '/p?q',
    })
    expect(json({ target: 'http://other.test' })).toMatchObject({ path: '/' })
    expect(json({ method: 'CONNECT', target: 'other.test:443' })).toMatchObject({
      scheme: null,
      host: 'other.test:443',
      path: null,
    })
  })

  test('has the ids of its trace if there is one', () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const ids = { traceId, spanId: '00f067aa0ba902b7' }
    expect(json(ids)).toMatchObject({ trace_id: traceId, span_id: '00f067aa0ba902b7' })
    expect(line('%trace_id %span_id', ids)).toBe(`${traceId} 00f067aa0ba902b7\n`)
    expect(line('%trace_id %span_id', { traceId })).toBe(`${traceId} -\n`)
  })

  test('decodes UTF-8 and keeps the numbers of other bytes', () => {
    const bytes = (text: string) => Buffer.from(text).toString('latin1')
    expect(json({ target: `/${bytes('grüße')}` }).path).toBe('/grüße')
    expect(json({ target: '/\xfc\xff' }).path).toBe('/\xfc\xff')
    expect(line('json', { target: `/${bytes('grüße \u{1f600}')}` })).toContain(
      '/gr\\u00fc\\u00dfe \\ud83d\\ude00',
    )
  })

  test('limits the length of a value', () => {
    expect(json({ target: `/${'a'.repeat(20_000)}` }).path).toHaveLength(4_099)
  })

  test('is one ASCII line of JSON with the same value for any input of a client', () => {
    const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code))
    const anything = fc.string({ unit: byte, maxLength: 60 })
    fc.assert(
      fc.property(anything, anything, anything, (method, host, user) => {
        const text = line('json', { method, host, user, target: '/' })
        expect(text).toMatch(/^[\x20-\x7e]*\n$/)
        const bytes = Buffer.from(user, 'latin1')
        const meant = bytes.toString()
        const value = JSON.parse(text).user
        expect([user, meant]).toContain(value)
      }),
    )
  })
})

describe('secrets', () => {
  test.each([
    ['http://user:secret@h.test/p', '***@h.test', '/p'],
    ['http://user:sec@ret@h.test/p', '***@h.test', '/p'],
    ['/go?to=http://user:secret@h.test/&x', 'www.test', '/go?to=http://***@h.test/&x'],
    ['//user:secret@h.test/p', 'www.test', '//***@h.test/p'],
    ['/p?X-Amz-Signature=secret&a=1&sig=secret', 'www.test', '/p?X-Amz-Signature=***&a=1&sig=***'],
    ['http:/user:secret@h.test/p', 'www.test', 'http:/***@h.test/p'],
    ['user:secret@h.test', 'www.test', '***@h.test'],
    ['http://user:secret%40h.test/p', 'user:***', '/p'],
    ['http://user:secret', 'user:***', '/'],
    ['http://[::1]:secret/p', '[::1]:***', '/p'],
    ['http://[::1]:80/p', '[::1]:80', '/p'],
    ['http://h.test:/p', 'h.test:', '/p'],
  ])('in the target %s are masked', (target, host, path) => {
    expect(json({ target })).toMatchObject({ host, path })
    for (const format of ['json', 'combined', '%request %path']) {
      expect(line(format, { target })).not.toContain('secret')
    }
  })

  test('in the target of CONNECT, in Host and in Referer are masked', () => {
    expect(json({ method: 'CONNECT', target: 'u:p@h.test:443' }).host).toBe('***@h.test:443')
    expect(json({ host: 'u:p@h.test' }).host).toBe('***@h.test')
    expect(line('"%{referer}"')).toBe('"http://***@from.test/x"\n')
  })

  test.each(['authorization', 'Proxy-Authorization', 'COOKIE', 'Set-Cookie'])(
    'in the field %s are refused in a template',
    (name) => {
      expect(formatFault(`%status %{${name}}`)).toContain('never logged')
      expect(() => compileFormat(`%status %{${name}}`, names)).toThrow(TypeError)
    },
  )
})

describe('the combined format', () => {
  test('matches that of Apache and nginx', () => {
    expect(line('combined', { user: 'ada' })).toMatch(
      /^192\.0\.2\.1 - ada \[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET \/a\?b=c HTTP\/1\.1" 200 200 "http:\/\/\*\*\*@from\.test\/x" "curl\/8"\n$/,
    )
  })

  test('has dashes for missing values', () => {
    const nothing = { method: null, target: null, version: 0, fields: [], status: 0 }
    expect(line('combined', nothing)).toMatch(/^192\.0\.2\.1 - - \[.*\] "-" - 200 "-" "-"\n$/)
  })
})

describe('a template', () => {
  test('has fields, header fields, constants and percent signs', () => {
    expect(line('%worker %instance %status %{User-Agent} 100%%')).toBe(
      'reverse_proxy reverse_proxy#1 200 curl/8 100%\n',
    )
  })

  test('escapes a value so that it stays within its quotes or its column', () => {
    const fields = ['User-Agent', 'a" \\b\n\x1b[31m\xfc']
    expect(line('"%{user-agent}" %status', { fields })).toBe('"a\\" \\\\b\\x0a\\x1b[31m\\xfc" 200\n')
    expect(line('%{user-agent} %status', { fields: ['User-Agent', 'a 500'] })).toBe('a\\x20500 200\n')
    expect(line('%{user-agent} "%host"', { fields: ['User-Agent', ''] })).toBe('- "www.test"\n')
  })

  test('joins the values of a repeated field', () => {
    expect(line('"%{x}"', { fields: ['X', 'a', 'Y', 'c', 'x', 'b'] })).toBe('"a, b"\n')
  })

  test.each([
    ['text', 'must be "json", "combined" or a template'],
    ['%nope', '%nope is unknown; use attempts, bytes_received'],
    ['%status % x', 'has a % without a name'],
    ['%{a b}', '%{a b} is not a header field'],
    ['%status\n', 'must contain only printable ASCII'],
    ['%status é', 'must contain only printable ASCII'],
  ])('is refused if it is invalid: %s', (format, fault) => {
    expect(formatFault(format)).toContain(fault)
  })
})
