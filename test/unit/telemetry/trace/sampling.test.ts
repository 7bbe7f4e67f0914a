import { randomBytes, randomFillSync } from 'node:crypto'
import { context } from '@opentelemetry/api'
import { TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace'
import { describe, expect, test } from 'vitest'
import { isIdSampled, ratioBound, TraceIds } from '../../../../src/telemetry/trace/sampling.ts'

const ratios = [0, 1e-9, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.99, 1 - 1e-9, 1]

/** The decision of the SDK; 2 is RECORD_AND_SAMPLED. */
const sdkSays = (sampler: TraceIdRatioBasedSampler, traceId: string): boolean =>
  sampler.shouldSample(context.active(), traceId).decision === 2

describe('sampling by ratio', () => {
  test.each(ratios)('decides like the SDK for received ids, at ratio %d', (ratio) => {
    const sampler = new TraceIdRatioBasedSampler(ratio)
    const bound = ratioBound(ratio)
    for (let at = 0; at < 20_000; at += 1) {
      const traceId = randomBytes(16).toString('hex')
      if (isIdSampled(traceId, bound) !== sdkSays(sampler, traceId)) expect.fail(traceId)
    }
  })

  test.each(ratios)('decides like the SDK for drawn ids, at ratio %d', (ratio) => {
    const sampler = new TraceIdRatioBasedSampler(ratio)
    const bound = ratioBound(ratio)
    const ids = new TraceIds(randomFillSync)
    for (let at = 0; at < 20_000; at += 1) {
      const isSampled = ids.draw(bound)
      if (isSampled !== sdkSays(sampler, ids.drawn)) expect.fail(ids.drawn)
    }
  })

  test('decides like the SDK at the exact bound', () => {
    for (const ratio of ratios) {
      const sampler = new TraceIdRatioBasedSampler(ratio)
      const bound = ratioBound(ratio)
      for (const sum of [bound - 1, bound, bound + 1]) {
        if (sum < 0 || sum > 0xffffffff) continue
        const traceId = `${sum.toString(16).padStart(8, '0')}${'12345678'.repeat(2)}00000000`
        expect(isIdSampled(traceId, bound)).toBe(sdkSays(sampler, traceId))
      }
    }
  })

  test('replaces an invalid ratio with the nearest valid one', () => {
    expect([ratioBound(-1), ratioBound(2)]).toEqual([0, 2 ** 32])
  })
})

describe('ids', () => {
  test('are well-formed and unique over many fills of the pool', () => {
    const ids = new TraceIds(randomFillSync)
    const seen = new Set<string>()
    for (let at = 0; at < 5_000; at += 1) {
      ids.draw(0)
      const { drawn } = ids
      expect(drawn).toMatch(/^[\da-f]{32}$/)
      const span = ids.spanId()
      expect(span).toMatch(/^[\da-f]{16}$/)
      seen.add(drawn).add(span)
    }
    expect(seen.size).toBe(10_000)
  })

  test('are never all zero', () => {
    let fills = 0
    const ids = new TraceIds((bytes) => {
      fills += 1
      bytes.fill(fills === 1 ? 0 : 7)
    })
    ids.draw(0)
    expect(ids.drawn).toBe('07'.repeat(16))
    expect(ids.spanId()).toBe('07'.repeat(8))
  })
})
