import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { type LoadedConfig, parseConfig } from '../../../src/config/load.ts'
import { BifrostError } from '../../../src/errors.ts'
import { load } from '../../kit/configuration/config-text.ts'

const numRuns = 300
const seconds = fc.double({ min: 0.001, max: 604_800, noNaN: true })
const optional = <T extends Record<string, unknown>>(record: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(record, { requiredKeys: [] })

const common = {
  max_connections: fc.integer({ min: 1, max: 1_000_000 }),
  max_memory_mb: fc.integer({ min: 16, max: 4096 }),
  worker_threads: fc.integer({ min: 1, max: 512 }),
  resource_limits: optional({
    max_cpu_percent: fc.double({ min: 0.01, max: 100, noNaN: true }),
    idle_timeout_secs: seconds,
  }),
}
const proxy = {
  ...common,
  connection_pool: optional({ max_idle_per_host: fc.nat(65_535), pool_timeout_secs: seconds }),
  upstream_http2: fc.constant(false),
  timeouts: optional({
    connect_secs: seconds,
    lifetime_secs: fc.oneof(fc.constant(0), fc.constant(-0), seconds),
    header_secs: seconds,
    half_closed_secs: fc.oneof(fc.constant(0), seconds),
    response_secs: seconds,
  }),
}
const files = { ...common, timeouts: optional({ connect_secs: seconds }) }
const name = fc.stringMatching(/^[a-z]{1,8}$/)
const mount = fc.record(
  {
    path: fc.array(name, { maxLength: 3 }).map((parts) => `/${parts.join('/')}`),
    root_dir: fc.constantFrom('.', './', '/'),
    spa_mode: fc.boolean(),
    index_files: fc.array(name, { maxLength: 3 }),
  },
  { requiredKeys: ['path', 'root_dir'] },
)

/** Each worker listens on the shared address, its own port or its own address. */
const place = (port: number) =>
  fc.constantFrom({}, { port }, { listen_addr: `[::1]:${port}` }, { listen_addr: 'a.example:0' })
const block = <T extends object>(fields: fc.Arbitrary<T>, port: number, rest: object = {}) =>
  fc.option(
    fc.tuple(fields, place(port)).map(([given, where]) => ({ ...given, ...where, ...rest })),
    { nil: undefined },
  )

const combined = fc
  .record({
    listen_addr: fc.constantFrom('0.0.0.0:8080', '[::]:0', 'localhost:1'),
    forward_proxy: block(optional(proxy), 3001),
    reverse_proxy: block(optional(proxy), 3002, { target: 'http://backend:3000/x' }),
    static_files: block(
      fc
        .tuple(
          optional(files),
          fc.uniqueArray(mount, { minLength: 1, maxLength: 3, selector: ({ path }) => path }),
        )
        .map(([given, mounts]) => ({ ...given, mounts })),
      3003,
    ),
    drain_timeout_secs: seconds,
    admin: optional({ enabled: fc.boolean(), listen_addr: fc.constant('127.0.0.1:0') }),
    demo_upstream: fc.option(
      fc.record({ enabled: fc.boolean(), listen_addr: fc.constant('127.0.0.1:9981') }),
      {
        nil: undefined,
      },
    ),
  })
  .filter(({ forward_proxy, reverse_proxy, static_files }) =>
    [forward_proxy, reverse_proxy, static_files].some((one) => one !== undefined),
  )
  .map(({ forward_proxy, reverse_proxy, static_files, ...rest }) => ({
    mode: 'Combined',
    workers: { forward_proxy, reverse_proxy, static_files },
    ...rest,
  }))

describe('properties of the loader', () => {
  test('the effective configuration, written as JSON, loads to equal settings', () => {
    fc.assert(
      fc.property(combined, (config) => {
        const first = load(config)
        const again = load(JSON.stringify(first.effective), '/nowhere')
        expectEqual(again, first)
      }),
      { numRuns },
    )
  })

  const shaped = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom('127.0.0.1:1', 'http://a', '/', '.', 0, 1, true),
      tie('object'),
    ),
    object: fc.dictionary(
      fc.constantFrom(
        ...[
          'mode',
          'listen_addr',
          'workers',
          'worker_separation',
          'forward_proxy',
          'reverse_proxy',
          'static_files',
        ],
        ...[
          'port',
          'target',
          'mounts',
          'path',
          'root_dir',
          'enabled',
          'timeouts',
          'connect_secs',
          'resource_limits',
        ],
        ...['connection_timeout_secs', 'max_memory_mb', 'admin', 'demo_upstream', '__proto__', 'constructor'],
      ),
      tie('value'),
    ),
  }))

  const kinds: readonly (readonly [string, fc.Arbitrary<string>])[] = [
    ['JSON', fc.json()],
    ['JSON with the right keys in the wrong places', shaped.object.map((value) => JSON.stringify(value))],
    ['text', fc.string({ unit: 'binary', maxLength: 200 })],
    ['marks', fc.string({ unit: fc.constantFrom(...'{}[]:,"\'/*#&!|>%@`\\-? \n\tab1'), maxLength: 60 })],
  ]
  test.each(kinds)('arbitrary %s loads or is refused with a BifrostError of one line or more', (_, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseConfig(text, { file: 'f', baseDir: tmpdir() })
        } catch (error) {
          if (!(error instanceof BifrostError) || error.code !== 'CONFIG_INVALID') throw error
          const isLine = (line: string) => /^f:\d+:\d+( [^:]+)?: .+; .+|^f:\d+:\d+ .+: .+; .+/.test(line)
          const odd = error.message.split('\n').find((line) => !isLine(line))
          if (odd !== undefined) throw new Error(`not a line: ${odd}`)
        }
      }),
      { numRuns },
    )
  })
})

function expectEqual(again: LoadedConfig, first: LoadedConfig): void {
  const [one, other] = [again, first].map(({ effective, settings }) => JSON.stringify([effective, settings]))
  if (one !== other) throw new Error(`${one}\nis not\n${other}`)
}
