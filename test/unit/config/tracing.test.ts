import { describe, expect, test } from 'vitest'
import { load, messages, worker } from '../../kit/config-text.ts'

const reverse = (tracing?: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:8080',
  workers: { reverse_proxy: { target: 'http://127.0.0.1:3000', ...(tracing && { tracing }) } },
})
const settings = (tracing?: object) => worker(reverse(tracing), 'reverse_proxy').services[0]?.tracing
const here = 'workers.reverse_proxy.tracing'

describe('the tracing block', () => {
  test('joins sampled traces and begins none when nothing is said', () => {
    expect(settings()).toEqual({
      sampleRatio: 0,
      parentBased: true,
      context: 'propagate',
      formats: ['tracecontext', 'baggage'],
      trustsProxiesOnly: false,
      routes: [],
    })
  })

  test('is read, routes with the longest path first, and written the same when it is shown', () => {
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
    [{ formats: ['baggage'] }, `${here}.formats: names no trace; add "tracecontext", "b3" or "b3multi"`],
    [{ formats: ['b3', 'b3'] }, `${here}.formats[1]: is there already; remove it`],
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
      `${here}.routes[0]: says nothing of its path; add sample_ratio or context, or remove it`,
    ],
    [
      { routes: [{ path: 'a', context: 'ignore' }] },
      `${here}.routes[0].path: is the text "a"; must start with /, such as "/a"`,
    ],
  ])('%j is refused', (tracing, right) => {
    expect(messages(reverse(tracing))).toEqual([right])
  })
})
