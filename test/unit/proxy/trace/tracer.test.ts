import { randomFillSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { TracingSettings } from '../../../../src/config/settings/tracing.ts'
import type { Trace } from '../../../../src/proxy/trace/trace.ts'
import { createTracer } from '../../../../src/proxy/trace/tracer.ts'
import { TraceIds } from '../../../../src/telemetry/trace/sampling.ts'
import { filesIn, reverseTo } from '../../../kit/daemons/data-plane.ts'
import { collectSpans } from '../../../kit/telemetry/spans.ts'
import { ask, kindOf, sampled, spanId, traceId, unsampled } from '../../../kit/telemetry/tracer.ts'

const { output } = collectSpans()

describe('sampling', () => {
  test('is decided by the id if the parent is ignored', () => {
    const fields = { traceparent: unsampled }
    const always = { parentBased: false, sampleRatio: 1 }
    expect(kindOf(ask({ tracing: always, fields }).trace)).toBe('joined')
    expect(ask({ tracing: always, fields }).upstream['traceparent']).toMatch(/-01$/)
    const never = { parentBased: false, sampleRatio: 0 }
    const { trace, upstream } = ask({ tracing: never, fields: { traceparent: sampled } })
    expect([trace, upstream['traceparent']]).toEqual([null, sampled])
  })

  test('is decided by ratio if b3 leaves it open, and is off if b3 denies it', () => {
    const tracing = (sampleRatio: number) => ({ sampleRatio, formats: ['b3' as const] })
    const open = { b3: `${traceId}-${spanId}` }
    expect(kindOf(ask({ tracing: tracing(1), fields: open }).trace)).toBe('joined')
    expect(ask({ tracing: tracing(0), fields: open }).trace).toBeNull()
    expect(ask({ tracing: tracing(1), fields: { b3: '0' } })).toEqual({ trace: null, upstream: { b3: '0' } })
  })

  test('samples the configured share', () => {
    let count = 0
    const ids = new TraceIds(randomFillSync)
    const service = reverseTo('http://upstream.test', { tracing: { sampleRatio: 0.1 } })
    const tracer = createTracer(service, output, () => ids)
    for (let at = 0; at < 10_000; at += 1) {
      const exchange = { target: '/', isTrusted: false, route: 1, trace: null as Trace | null }
      tracer?.begin(exchange, [], { kind: 'reverse', authority: '', path: '/' })
      if (exchange.trace !== null) count += 1
    }
    // Six standard deviations.
    expect(Math.abs(count - 1_000)).toBeLessThan(180)
  })
})

describe('an invalid context', () => {
  const wrong = `00-${'0'.repeat(32)}-${spanId}-01`

  test('is ignored: a new trace begins, and the invalid context is not forwarded', () => {
    const { trace, upstream } = ask({
      tracing: { sampleRatio: 1 },
      fields: { traceparent: wrong, tracestate: 'a=1' },
    })
    expect(kindOf(trace)).toBe('new')
    expect(upstream['traceparent']).toContain(trace?.start.traceId)
    expect(upstream['tracestate']).toBeUndefined()
  })

  test('is forwarded if nothing is sampled', () => {
    for (const traceparent of [wrong, wrong.replace(/1$/, '0'), 'x', `${sampled}, ${sampled}`]) {
      expect(ask({ fields: { traceparent } })).toEqual({ trace: null, upstream: { traceparent } })
    }
  })

  test('loses only its tracestate if that is invalid', () => {
    const { trace, upstream } = ask({ fields: { traceparent: sampled, tracestate: 'A=,' } })
    expect(kindOf(trace)).toBe('joined')
    expect(upstream['tracestate']).toBeUndefined()
    expect(trace?.start.traceState).toBeNull()
  })
})

describe('routes', () => {
  const tracing = {
    sampleRatio: 1,
    routes: [
      { pathPrefix: '/api/health', sampleRatio: 1, context: 'ignore' as const },
      { pathPrefix: '/api', sampleRatio: 0, context: 'propagate' as const },
    ],
  }

  test.each([
    ['/other', 'new'],
    ['/apiary', 'new'],
    ['/api', 'none'],
    ['/api/a?b', 'none'],
    ['/x/../api/a', 'none'],
    ['/api/health', 'none'],
  ])('%s is %s', (path, spans) => {
    expect(kindOf(ask({ tracing, path }).trace)).toBe(spans)
  })

  test('with an ignored context do not join a trace, unlike other routes', () => {
    const fields = { traceparent: sampled }
    expect(kindOf(ask({ tracing, fields, path: '/api/a' }).trace)).toBe('joined')
    expect(ask({ tracing, fields, path: '/api/health/live' }).trace).toBeNull()
  })
})

describe('a retry', () => {
  test('has a span of its own, which is sent to the upstream', () => {
    const ids = new TraceIds(randomFillSync)
    const service = reverseTo('http://u.test', { tracing: { formats: ['tracecontext', 'b3multi'] } })
    const tracer = createTracer(service, output, () => ids)
    const exchange = { target: '/', isTrusted: false, route: 1, trace: null as Trace | null }
    tracer?.begin(exchange, ['traceparent', sampled], { kind: 'reverse', authority: '', path: '/' })
    const fields = ['Host', 'a', 'traceparent', sampled]
    exchange.trace?.writeTo(fields, '/')
    exchange.trace?.begin('http://u.test:80', true, 1)
    const [, , , first] = fields
    exchange.trace?.ended('UPSTREAM_BROKEN', 0, 2)
    exchange.trace?.begin('http://u.test:80', false, 3)
    const spans = exchange.trace?.attempts.map((attempt) => attempt.spanId) ?? []
    expect(new Set(spans).size).toBe(2)
    expect(first).toBe(`00-${traceId}-${spans[0]}-01`)
    expect(fields[3]).toBe(`00-${traceId}-${spans[1]}-01`)
    expect(fields).toContain(spans[1])
    expect(fields).toHaveLength(10)
  })
})

describe('a request has no trace object', () => {
  test('for unsampled static files, which have no upstream', () => {
    const service = filesIn([], { tracing: { context: 'inject' } })
    const tracer = createTracer(service, output, () => new TraceIds(randomFillSync))
    const exchange = { target: '/', isTrusted: false, route: 1, trace: null as Trace | null }
    const mount = { path: '/', rootDir: '/', spaMode: false, spaFallbackFile: '', indexFiles: [] }
    tracer?.begin(exchange, ['traceparent', sampled], { kind: 'static', mount, path: '/' })
    expect(exchange.trace).toBeNull()
  })

  const create = (tracing: Partial<TracingSettings>, isOn: boolean) =>
    createTracer(reverseTo('http://u.test', { tracing }), isOn ? output : null, () => {
      throw new Error('ids are asked for')
    })

  test('while telemetry is off and all fields pass, or if everything is ignored', () => {
    expect(create({}, false)).toBeNull()
    expect(create({ context: 'extract' }, false)).toBeNull()
    expect(create({ context: 'ignore', trustsProxiesOnly: true }, true)).toBeNull()
    expect(() => create({ context: 'inject' }, false)).toThrow('ids are asked for')
    expect(() => create({ trustsProxiesOnly: true }, false)).toThrow('ids are asked for')
  })
})

describe('without a known format', () => {
  test.each([[[]], [['baggage'] as const]])(
    'formats %j: each trace is new, and all fields pass',
    (formats) => {
      const fields = { traceparent: sampled, tracestate: 'a=1', baggage: 'b=1', b3: '0' }
      for (const context of ['propagate', 'inject'] as const) {
        const { trace, upstream } = ask({ tracing: { formats, context, sampleRatio: 1 }, fields })
        expect(kindOf(trace)).toBe('new')
        expect(upstream).toEqual(fields)
      }
      expect(ask({ tracing: { formats, sampleRatio: 0 }, fields }).trace).toBeNull()
    },
  )
})
