import { expect, test } from 'vitest'
import { Propagation } from '../../../../src/telemetry/trace/propagation.ts'

const trace = '80f198ee56343ba864fe8b2a57d3eff7'
const other = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = 'e457b5a2e4d86bd1'

const w3c = ['traceparent', `00-${trace}-${span}-01`]
const b3 = ['b3', `${other}-${span}-1`]

test('the first of several formats that contains a context is used', () => {
  expect(new Propagation(['tracecontext', 'b3']).read([...w3c, ...b3])).toMatchObject({ traceId: trace })
  expect(new Propagation(['b3', 'tracecontext']).read([...w3c, ...b3])).toMatchObject({ traceId: other })
  expect(new Propagation(['b3', 'tracecontext']).read([...w3c, 'b3', 'x'])).toMatchObject({ traceId: trace })
})

test('a format that is not configured is not read', () => {
  expect(new Propagation(['tracecontext', 'baggage']).read([...b3, 'baggage', 'a=1'])).toBeNull()
  expect(new Propagation(['b3']).read(w3c)).toBeNull()
})

test('a denied trace is distinguished from a missing context', () => {
  expect(new Propagation(['b3']).read(['b3', '0'])).toBe('denied')
  expect(new Propagation(['b3multi']).read(['X-B3-Sampled', '0'])).toBe('denied')
  expect(new Propagation(['b3multi']).read(['X-B3-Sampled', '1'])).toBeNull()
})

test('a context is written in every format and rewritten in place', () => {
  const propagation = new Propagation(['tracecontext', 'baggage', 'b3', 'b3multi'])
  const fields = ['Host', 'a.test']
  const first = propagation.write(fields, trace, span, true)
  fields.push('Accept', '*/*')
  const all = (id: string) => [
    ...['Host', 'a.test', 'traceparent', `00-${trace}-${id}-01`, 'b3', `${trace}-${id}-1`],
    ...['X-B3-TraceId', trace, 'X-B3-SpanId', id, 'X-B3-Sampled', '1', 'Accept', '*/*'],
  ]
  expect(fields).toEqual(all(span))
  propagation.rewrite(fields, first, trace, '1'.repeat(16))
  expect(fields).toEqual(all('1'.repeat(16)))
})
