import { describe, expect, test } from 'vitest'
import type { ContextMode } from '../../../../src/config/settings/tracing.ts'
import { ask, kindOf, sampled, unsampled } from '../../../kit/telemetry/tracer.ts'

/**
 * The table of docs/operations.md: mode, believed clients, ratio (or telemetry off), and the received
 * context.
 */

const baggage = 'user=1;a=b,\tc=%20'
const state = 'rojo=1 , congo=2'

type Came = 'nothing' | 'sampled' | 'unsampled'
type Told = 'as it came' | 'nothing' | 'ours 01' | 'ours 00'
type Row = readonly [Came, Told, spans: string, others: 'pass' | 'baggage' | 'go']

/**
 * What upstreams receive, which spans are made, and whether `tracestate` and `baggage` pass, baggage alone,
 * or neither.
 */
const table: Readonly<Record<string, readonly Row[]>> = {
  'propagate all 0': [
    ['nothing', 'as it came', 'none', 'pass'],
    ['sampled', 'ours 01', 'joined', 'pass'],
    ['unsampled', 'as it came', 'none', 'pass'],
  ],
  'propagate all 1': [
    ['nothing', 'ours 01', 'new', 'baggage'],
    ['sampled', 'ours 01', 'joined', 'pass'],
    ['unsampled', 'as it came', 'none', 'pass'],
  ],
  'propagate all off': [
    ['nothing', 'as it came', 'none', 'pass'],
    ['sampled', 'as it came', 'none', 'pass'],
    ['unsampled', 'as it came', 'none', 'pass'],
  ],
  'propagate stranger 0': [
    ['nothing', 'nothing', 'none', 'go'],
    ['sampled', 'ours 00', 'none', 'go'],
    ['unsampled', 'ours 00', 'none', 'go'],
  ],
  'propagate stranger 1': [
    ['nothing', 'ours 01', 'new', 'go'],
    ['sampled', 'ours 01', 'linked', 'go'],
    ['unsampled', 'ours 01', 'linked', 'go'],
  ],
  'propagate stranger off': [
    ['nothing', 'nothing', 'none', 'go'],
    ['sampled', 'ours 00', 'none', 'go'],
    ['unsampled', 'ours 00', 'none', 'go'],
  ],
  'propagate proxy 1': [
    ['nothing', 'ours 01', 'new', 'baggage'],
    ['sampled', 'ours 01', 'joined', 'pass'],
    ['unsampled', 'as it came', 'none', 'pass'],
  ],
  'ignore all 1': [
    ['nothing', 'as it came', 'none', 'pass'],
    ['sampled', 'as it came', 'none', 'pass'],
    ['unsampled', 'as it came', 'none', 'pass'],
  ],
  'ignore stranger 1': [
    ['nothing', 'as it came', 'none', 'pass'],
    ['sampled', 'as it came', 'none', 'pass'],
    ['unsampled', 'as it came', 'none', 'pass'],
  ],
  'extract all 0': [
    ['nothing', 'as it came', 'none', 'pass'],
    ['sampled', 'as it came', 'joined', 'pass'],
    ['unsampled', 'as it came', 'none', 'pass'],
  ],
  'extract all 1': [
    ['nothing', 'as it came', 'new', 'pass'],
    ['sampled', 'as it came', 'joined', 'pass'],
    ['unsampled', 'as it came', 'none', 'pass'],
  ],
  'extract stranger 1': [
    ['nothing', 'nothing', 'new', 'go'],
    ['sampled', 'nothing', 'linked', 'go'],
    ['unsampled', 'nothing', 'linked', 'go'],
  ],
  'extract stranger 0': [
    ['nothing', 'nothing', 'none', 'go'],
    ['sampled', 'nothing', 'none', 'go'],
    ['unsampled', 'nothing', 'none', 'go'],
  ],
  'inject all 0': [
    ['nothing', 'ours 00', 'none', 'baggage'],
    ['sampled', 'ours 00', 'none', 'baggage'],
    ['unsampled', 'ours 00', 'none', 'baggage'],
  ],
  'inject all 1': [
    ['nothing', 'ours 01', 'new', 'baggage'],
    ['sampled', 'ours 01', 'linked', 'baggage'],
    ['unsampled', 'ours 01', 'linked', 'baggage'],
  ],
  'inject all off': [
    ['nothing', 'ours 00', 'none', 'baggage'],
    ['sampled', 'ours 00', 'none', 'baggage'],
    ['unsampled', 'ours 00', 'none', 'baggage'],
  ],
  'inject stranger 1': [
    ['nothing', 'ours 01', 'new', 'go'],
    ['sampled', 'ours 01', 'linked', 'go'],
    ['unsampled', 'ours 01', 'linked', 'go'],
  ],
  'inject proxy 0': [['sampled', 'ours 00', 'none', 'baggage']],
}

const contexts = { nothing: undefined, sampled, unsampled }

function told(field: string | undefined, came: string | undefined): Told {
  if (field === came) return 'as it came'
  if (field === undefined) return 'nothing'
  const ours = /^00-[\da-f]{32}-(?!0{16})[\da-f]{16}-0([01])$/.exec(field)
  return ours?.[1] === '1' ? 'ours 01' : 'ours 00'
}

describe.each(Object.entries(table))('%s', (title, rows) => {
  const [mode, who, ratio] = title.split(' ')
  test.each(rows)(
    'with %s received, the upstream gets %s, spans are %s, other fields: %s',
    (came, what, spans, others) => {
      const traceparent = contexts[came]
      const fields = {
        ...(traceparent === undefined ? {} : { traceparent }),
        tracestate: state,
        baggage,
        'X-Else': 'stays',
      }
      const tracing = {
        context: mode as ContextMode,
        sampleRatio: ratio === '1' ? 1 : 0,
        trustsProxiesOnly: who !== 'all',
      }
      const { trace, upstream } = ask({ tracing, isOn: ratio !== 'off', isTrusted: who === 'proxy', fields })
      // If nothing was received, sending nothing looks the same.
      const asked = what === 'nothing' && came === 'nothing' ? 'as it came' : what
      expect(told(upstream['traceparent'], traceparent)).toBe(asked)
      expect(kindOf(trace)).toBe(spans)
      expect(upstream['tracestate']).toBe(others === 'pass' ? state : undefined)
      expect(upstream['baggage']).toBe(others === 'go' ? undefined : baggage)
      expect(upstream['X-Else']).toBe('stays')
      if (what === 'ours 01') {
        // The upstream's parent is the CLIENT span of this proxy.
        expect(upstream['traceparent']).toBe(`00-${trace?.start.traceId}-${trace?.attempts[0]?.spanId}-01`)
      }
      if (spans === 'joined') expect(trace?.start.traceState).toBe('rojo=1,congo=2')
    },
  )
})
