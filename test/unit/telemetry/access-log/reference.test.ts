import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AccessRecord } from '../../../../src/telemetry/access-log/access-record.ts'
import { escapePlain, quoteJson } from '../../../../src/telemetry/access-log/escape.ts'
import { type Field, fields, headerField } from '../../../../src/telemetry/access-log/fields.ts'
import { compileFormat } from '../../../../src/telemetry/access-log/format.ts'
import { LogChunk } from '../../../../src/telemetry/lines/chunk.ts'
import { chunkBytes } from '../../../../src/telemetry/lines/writer.ts'
import { accessRecord } from '../../../kit/telemetry/access-record.ts'

const names = { worker: 'reverse_proxy', instance: 'reverse_proxy#1' }

/**
 * One byte of the wire. Bytes that need no escape are as frequent as all others, so that long texts without
 * an escape occur.
 */
const byte = fc.integer({ min: 0, max: 0xff }).map((code) => String.fromCharCode(code))
const letter = fc.constantFrom('a', 'Z', '/', '~', '!', ' ')
/** Lengths around the thresholds at which a text is written differently. */
const length = fc.constantFrom(0, 1, 31, 32, 33, 64, 300, 4_095, 4_096, 4_097)
const plainText = fc.tuple(letter, length).map(([one, count]) => one.repeat(count))
const hostile = fc.tuple(plainText, byte, plainText).map((parts) => parts.join(''))
const text = fc.oneof(plainText, hostile, fc.string({ unit: byte, maxLength: 80, size: 'max' }))

const number = fc.oneof(
  fc.nat(3_000),
  fc.maxSafeNat(),
  fc.nat(3_000_000_000).map((n) => n / 1000),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
)

const changes: fc.Arbitrary<Partial<AccessRecord>> = fc.record(
  {
    method: fc.option(text),
    target: fc.option(text),
    host: fc.option(text, { nil: undefined }),
    client: text,
    requestId: fc.option(text),
    user: fc.option(text),
    upstream: fc.option(text),
    fields: fc.tuple(fc.constant('User-Agent'), text),
    status: fc.nat(599),
    version: fc.constantFrom(0, 10, 11, 20),
    attempts: fc.nat(12),
    isReused: fc.boolean(),
    received: number,
    sent: number,
    headMs: fc.oneof(number, fc.constant(-1)),
  },
  { requiredKeys: [] },
)

/** The same line, written by the simplest possible code. */
function jsonLine(record: AccessRecord): string {
  const said = Object.entries<Field>(fields).map(([name, { kind, read }]) => {
    const value = read(record)
    const isQuoted = value !== null && (kind === 'text' || typeof value === 'string')
    return `"${name}":${isQuoted ? quoteJson(String(value)) : String(value)}`
  })
  said.splice(1, 0, `"worker":${quoteJson(names.worker)}`, `"instance":${quoteJson(names.instance)}`)
  return `{${said.join(',')}}\n`
}

function templateLine(record: AccessRecord): string {
  const bare = (field: Field, isQuoted = false) => escapePlain(String(field.read(record) ?? ''), isQuoted)
  const agent = bare(headerField('user-agent'), true)
  return `${bare(fields.client)} ${bare(fields.method)} "${agent}" ${bare(fields.bytes_sent)} 100%\n`
}

/**
 * Successive lines: each record changes some fields of the previous one, also to values that do not suit it.
 */
test.each([
  { format: 'json', reference: jsonLine },
  { format: '%client %method "%{user-agent}" %bytes_sent 100%%', reference: templateLine },
])('every byte of a line equals that of the plain formatter for any record: $format', (one) => {
  fc.assert(
    fc.property(fc.array(changes, { minLength: 1, maxLength: 6 }), (steps) => {
      const format = compileFormat(one.format, names)
      let record = accessRecord
      for (const step of steps) {
        record = { ...record, ...step }
        // The time is the wall clock when the line is written.
        const stamp = (line: string) => line.replace(/"time":"[^"]*"/, '"time":""')
        const chunk = new LogChunk(4 * chunkBytes)
        expect(format(record, chunk)).toBe(true)
        expect(stamp(chunk.bytes.toString('latin1', 0, chunk.length))).toBe(stamp(one.reference(record)))
      }
    }),
    { numRuns: 300 },
  )
})
