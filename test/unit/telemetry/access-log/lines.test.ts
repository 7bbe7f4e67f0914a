import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AccessRecord } from '../../../../src/telemetry/access-log/access-record.ts'
import { fields } from '../../../../src/telemetry/access-log/fields.ts'
import { compileFormat } from '../../../../src/telemetry/access-log/format.ts'
import { LogChunk } from '../../../../src/telemetry/lines/chunk.ts'
import { chunkBytes } from '../../../../src/telemetry/lines/writer.ts'
import { accessRecord as record } from '../../../kit/telemetry/access-record.ts'

const names = { worker: 'reverse_proxy', instance: 'reverse_proxy#1' }

describe('successive lines of one log', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'B', '7', ' ', '"', '\\', '/', '\t', '%'),
    maxLength: 40,
  })
  const number = fc.oneof(
    fc.nat(),
    fc.nat(9_999_999).map((n) => n / 1000),
    fc.double({ min: 0, max: 1e300, noNaN: true }),
  )
  const steady = fc.record({
    method: fc.oneof(fc.constantFrom('GET', 'POST'), text),
    host: fc.option(fc.oneof(fc.constant('www.test'), text), { nil: undefined }),
    user: fc.option(text),
    status: fc.constantFrom(0, 200, 404, 503),
    upstream: fc.option(fc.constant('http://127.0.0.1:3000')),
    version: fc.constantFrom(0, 10, 11, 20),
    isReused: fc.boolean(),
    attempts: fc.nat(3),
  })
  const own = fc.record({
    requestId: fc.option(text),
    traceId: fc.option(fc.constant('0af7651916cd43dd8448eb211c80319c')),
    received: number,
    sent: number,
    endedAt: fc.nat().map((us) => us / 1000),
    headMs: fc.oneof(number, fc.constant(-1)),
    target: fc.option(
      fc.oneof(text, fc.constant('http://other.test/x'), fc.constant('/'.padEnd(6_000, 'x'))),
    ),
  })

  test('each contain the values of their own record, whichever fields change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ steady, own, isRepeated: fc.boolean() }), { maxLength: 8 }),
        (steps) => {
          const format = compileFormat('json', names)
          const chunk = new LogChunk(chunkBytes)
          const records: AccessRecord[] = []
          for (const step of steps) {
            const before = step.isRepeated ? records.at(-1) : undefined
            records.push({ ...(before ?? { ...record, ...step.steady }), ...step.own })
          }
          for (const one of records) expect(format(one, chunk)).toBe(true)
          expect(chunk.lines).toBe(records.length)
          const lines = chunk.bytes.toString('latin1', 0, chunk.length).split('\n').slice(0, -1)
          for (const [at, { time: _, worker, instance, ...said }] of lines
            .map((one) => JSON.parse(one))
            .entries()) {
            const { time: __, ...reads } = fields
            const whole = Object.entries(reads).map(([name, { read }]) => [
              name,
              read(records[at] as AccessRecord),
            ])
            expect([worker, instance]).toEqual(Object.values(names))
            expect(said).toEqual(Object.fromEntries(whole.map(([name, value]) => [name, bounded(value)])))
          }
        },
      ),
    )
  })

  const bounded = (value: unknown) =>
    typeof value === 'string' && value.length > 4_096 ? `${value.slice(0, 4_096)}...` : value

  test.each(['json', 'combined', '%time "%{user-agent}" %total_ms'])(
    'are either whole or missing when the chunk is full: %s',
    (format) => {
      const write = compileFormat(format, names)
      const chunk = new LogChunk(4_096)
      let written = 0
      while (write({ ...record, fields: ['User-Agent', 'x'.repeat(written)] }, chunk)) written += 1
      const lines = chunk.bytes.toString('latin1', 0, chunk.length).split('\n')
      expect(lines.pop()).toBe('')
      expect(lines).toHaveLength(written)
      expect(new Set(lines.map((one) => one.at(-1))).size).toBe(1)
    },
  )
})
