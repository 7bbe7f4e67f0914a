import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../../src/config/load.ts'
import { load, messages, worker } from '../../../kit/configuration/config-text.ts'

const reverse = (tracing?: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:8080',
  workers: { reverse_proxy: { target: 'http://127.0.0.1:3000', ...(tracing && { tracing }) } },
})
const settings = (tracing?: object) => worker(reverse(tracing), 'reverse_proxy').services[0]?.tracing
const here = 'workers.reverse_proxy.tracing'

const byEnvironment = (env: Record<string, string>, tracing?: object, more: object = {}) => {
  const text = JSON.stringify({ ...reverse(tracing), ...more })
  const parsed = parseConfig(text, { file: 'a.json', baseDir: '/', env }).settings
  const { sampleRatio, parentBased, formats } = parsed.workers[0]?.services[0]?.tracing ?? {}
  return { sampleRatio, parentBased, formats, warnings: parsed.telemetry?.warnings ?? [] }
}

describe('defaults from the environment', () => {
  test.each([
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, 1, false],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0, false],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' }, 0.25, false],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, 1, false],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on', OTEL_TRACES_SAMPLER_ARG: '0.25' }, 1, true],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 0, true],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, 0, true],
    [{ OTEL_TRACES_SAMPLER_ARG: '0.25' }, 0, true],
    [{ OTEL_TRACES_SAMPLER: '' }, 0, true],
  ])('%j sets ratio %d, parent based %s', (env: Record<string, string>, sampleRatio, parentBased) => {
    expect(byEnvironment(env)).toEqual({
      sampleRatio,
      parentBased,
      formats: ['tracecontext', 'baggage'],
      warnings: [],
    })
  })

  test.each([
    ['b3', ['b3']],
    ['b3multi, tracecontext,b3multi', ['b3multi', 'tracecontext']],
    ['baggage', ['baggage']],
    ['none', []],
    ['tracecontext,none', []],
  ])('OTEL_PROPAGATORS=%s selects the formats %j', (value, formats) => {
    expect(byEnvironment({ OTEL_PROPAGATORS: value })).toMatchObject({ formats, warnings: [] })
  })

  test.each([
    [
      'OTEL_TRACES_SAMPLER',
      'xray',
      'OTEL_TRACES_SAMPLER: xray is ignored: supported are always_on, always_off, ',
    ],
    [
      'OTEL_TRACES_SAMPLER',
      'sometimes',
      'OTEL_TRACES_SAMPLER: one of its values is ignored: supported are always_on, ',
    ],
    [
      'OTEL_PROPAGATORS',
      'jaeger',
      'OTEL_PROPAGATORS: jaeger is ignored: supported are tracecontext, baggage, b3, ',
    ],
    [
      'OTEL_PROPAGATORS',
      'mine',
      'OTEL_PROPAGATORS: one of its values is ignored: supported are tracecontext, baggage, ',
    ],
  ])('%s=%s is ignored with a warning', (name, value, right) => {
    const { warnings, ...others } = byEnvironment({ [name]: value })
    expect(others).toEqual({ sampleRatio: 0, parentBased: true, formats: ['tracecontext', 'baggage'] })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]?.slice(0, right.length)).toBe(right)
  })

  test('only supported propagators apply, and a sampler with a bad argument samples all traces', () => {
    const found = byEnvironment({
      OTEL_PROPAGATORS: 'xray,b3',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '25%',
    })
    expect(found).toMatchObject({ formats: ['b3'], sampleRatio: 1 })
    expect(found.warnings).toHaveLength(2)
    expect(found.warnings).toContain('OTEL_TRACES_SAMPLER_ARG is ignored: must be a number from 0 to 1')
  })

  test('the file takes precedence key by key, and routes inherit from the worker', () => {
    const env = { OTEL_TRACES_SAMPLER: 'always_on', OTEL_PROPAGATORS: 'b3' }
    expect(byEnvironment(env, { sample_ratio: 0.5 })).toMatchObject({
      sampleRatio: 0.5,
      parentBased: false,
      formats: ['b3'],
    })
    expect(byEnvironment(env, { parent_based: true, formats: ['b3multi'] })).toMatchObject({
      sampleRatio: 1,
      parentBased: true,
      formats: ['b3multi'],
    })
    const routed = parseConfig(JSON.stringify(reverse({ routes: [{ path: '/a', context: 'extract' }] })), {
      file: 'a.json',
      baseDir: '/',
      env,
    })
    expect(routed.settings.workers[0]?.services[0]?.tracing.routes[0]?.sampleRatio).toBe(1)
  })

  test('OTEL_SDK_DISABLED keeps the propagators; telemetry.enabled: false ignores the environment', () => {
    const env = { OTEL_SDK_DISABLED: 'true', OTEL_PROPAGATORS: 'b3,jaeger' }
    const disabled = byEnvironment(env)
    expect(disabled.formats).toEqual(['b3'])
    expect(disabled.warnings).toHaveLength(1)
    const off = byEnvironment(env, undefined, { telemetry: { enabled: false } })
    expect(off).toMatchObject({ formats: ['tracecontext', 'baggage'], warnings: [] })
  })
})

describe('the tracing block', () => {
  test('joins sampled traces and starts none by default', () => {
    expect(settings()).toEqual({
      sampleRatio: 0,
      parentBased: true,
      context: 'propagate',
      formats: ['tracecontext', 'baggage'],
      trustsProxiesOnly: false,
      routes: [],
    })
  })

  test('is read with the longest route first, and printed unchanged', () => {
    const tracing = {
      sample_ratio: 0.25,
      parent_based: false,
      context: 'extract',
      formats: ['b3', 'tracecontext'],
      trust: 'proxies',
      routes: [
        { path: '/api/', sample_ratio: 1 },
        { path: '/api/gr\u00fc\u00df', context: 'ignore' },
      ],
    }
    expect(settings(tracing)).toEqual({
      sampleRatio: 0.25,
      parentBased: false,
      context: 'extract',
      formats: ['b3', 'tracecontext'],
      trustsProxiesOnly: true,
      routes: [
        { pathPrefix: '/api/gr\u00c3\u00bc\u00c3\u009f', sampleRatio: 0.25, context: 'ignore' },
        { pathPrefix: '/api', sampleRatio: 1, context: 'extract' },
      ],
    })
    const { effective } = load(reverse(tracing))
    expect(load(effective).effective).toEqual(effective)
  })

  test.each([
    [{ sample_ratio: 1.5 }, `${here}.sample_ratio: is 1.5; must be a number from 0 to 1`],
    [
      { context: 'restart' },
      `${here}.context: is the text "restart"; must be "propagate", "ignore", "extract" or "inject"`,
    ],
    [{ trust: 'none' }, `${here}.trust: is the text "none"; must be "all" or "proxies"`],
    [
      { formats: ['jaeger'] },
      `${here}.formats[0]: is the text "jaeger"; must be "tracecontext", "baggage", "b3" (one field) or "b3multi" (X-B3-TraceId and others)`,
    ],
    [
      { formats: ['baggage'] },
      `${here}.formats: has no format for traces; add "tracecontext", "b3" or "b3multi"`,
    ],
    [{ formats: ['b3', 'b3'] }, `${here}.formats[1]: is a duplicate; remove it`],
    [
      {
        routes: [
          { path: '/a', context: 'ignore' },
          { path: '/a/', sample_ratio: 1 },
        ],
      },
      `${here}.routes[1].path: is also the path of routes[0]; give each route its own path`,
    ],
    [
      { routes: [{ path: '/a' }] },
      `${here}.routes[0]: has no effect; add sample_ratio or context, or remove it`,
    ],
    [
      { routes: [{ path: 'a', context: 'ignore' }] },
      `${here}.routes[0].path: is the text "a"; must start with /, such as "/a"`,
    ],
  ])('%j is refused', (tracing, right) => {
    expect(messages(reverse(tracing))).toEqual([right])
  })
})
