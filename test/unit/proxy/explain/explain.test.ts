import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MountSettings, ServiceSettings } from '../../../../src/config/settings/settings.ts'
import { errorTable } from '../../../../src/errors.ts'
import type { HttpRequest } from '../../../../src/http/message/message.ts'
import { codeOf, createPolicy, type Decision, decide } from '../../../../src/proxy/decide/decide.ts'
import type { Exchange } from '../../../../src/proxy/exchange/exchange.ts'
import { type ExplainedRequest, explain, headOf } from '../../../../src/proxy/explain/explain.ts'
import { Guards } from '../../../../src/proxy/guard/guard.ts'
import { readStaticPath } from '../../../../src/proxy/static/path.ts'
import { filesIn, forwardTo, reverseTo, type Tuning, workerOf } from '../../../kit/daemons/data-plane.ts'

type WorkerSettings = ReturnType<typeof workerOf>

const mount = (path: string, spaMode = false): MountSettings => ({
  path,
  rootDir: '/srv',
  spaMode,
  spaFallbackFile: 'index.html',
  indexFiles: [],
})

const worker = (...services: ServiceSettings[]): WorkerSettings =>
  workerOf(services.length > 1 ? 'combined' : (services[0]?.type ?? 'static'), services)

const ask = (request: string, of: WorkerSettings, more: Partial<ExplainedRequest> = {}) => {
  const [method = '', url = ''] = request.split(' ')
  return explain({ method, url, host: 'h.test', client: '192.0.2.7', user: null, ...more }, of)
}

describe('shows where a request leads', () => {
  const files = filesIn([mount('/docs'), mount('/docs/api', true)])
  const all = worker(forwardTo(), reverseTo('http://up.test/base/'), files)

  test.each([
    ['GET http://a.test/x?y', 'forward', 'http://a.test:80/x?y', 'workers.forward_proxy'],
    ['CONNECT a.test:443', 'tunnel', 'a.test:443', 'workers.forward_proxy'],
    ['GET /x/y?z', 'reverse', 'http://up.test:80/base/x/y?z', 'workers.reverse_proxy.target'],
    ['GET /docs/a%20b.txt', 'static', '/srv/a b.txt', 'workers.static_files.mounts[0]'],
    ['GET /docs/api/v1', 'static', '/srv/v1', 'workers.static_files.mounts[1]'],
    ['POST /docs/x', 'reverse', 'http://up.test:80/base/docs/x', 'workers.reverse_proxy.target'],
  ])('%s', (request, kind, to, setting) => {
    const { outcome, steps } = ask(request, all)
    expect(outcome).toMatchObject({ kind, to, code: null })
    expect(steps.map((step) => step.setting)).toContain(setting)
    expect(steps.filter(({ isRefusal }) => isRefusal)).toEqual([])
  })
})

test('a WebSocket goes to the upstream even below a mount', () => {
  const of = worker(reverseTo('http://up.test'), filesIn([mount('/')]))
  expect(ask('GET /chat', of).outcome.kind).toBe('static')
  expect(ask('GET /chat', of, { isUpgrade: true }).outcome.kind).toBe('reverse')
})

test('an HTTP/2 request needs no Host field, as it has :authority', () => {
  const of = worker(reverseTo('http://up.test'))
  expect(ask('GET /', of, { version: 20, host: 'h.test' }).outcome.code).toBeNull()
  expect(ask('GET /', of, { version: 10, host: undefined }).outcome.code).toBeNull()
  expect(ask('GET /', of, { version: 11, host: undefined }).outcome.code).toBe('BAD_REQUEST')
})

test('a request without Host is refused for that reason', () => {
  const { outcome, steps } = ask('GET /', worker(reverseTo('http://up.test')), { host: undefined })
  expect(outcome).toMatchObject({ kind: 'reply', status: 400 })
  expect(steps.filter(({ isRefusal }) => isRefusal)[0]?.text).toContain('no Host field')
})

describe('names the setting that refuses', () => {
  const tuned = (tuning: Tuning) => worker(reverseTo('http://up.test', tuning))
  test.each<[string, WorkerSettings, Partial<ExplainedRequest>, string, string | null]>([
    [
      'a network of the deny list',
      tuned({ access: { allow: ['192.0.2.0/24'], deny: ['198.51.100.0/24', '192.0.2.7'] } }),
      {},
      'FORBIDDEN_CLIENT',
      'workers.reverse_proxy.access.deny[1]',
    ],
    [
      'an allow list without the client',
      tuned({ access: { allow: ['10.0.0.0/8'] } }),
      {},
      'FORBIDDEN_CLIENT',
      'workers.reverse_proxy.access.allow',
    ],
    [
      'a missing password',
      tuned({ auth: { users: [{ name: 'ann', password: { form: 'plain', text: 'x' } }] } }),
      {},
      'AUTH_REQUIRED',
      'workers.reverse_proxy.auth',
    ],
    [
      'a body that is too large',
      tuned({ sizes: { maxBodyBytes: 10 } }),
      { length: 11 },
      'BODY_TOO_LARGE',
      'workers.reverse_proxy.request_limits.max_body_size',
    ],
    [
      'a target that is too long',
      tuned({ sizes: { maxTargetBytes: 3 } }),
      { url: '/long' },
      'TARGET_TOO_LONG',
      'workers.reverse_proxy.request_limits.max_target_size',
    ],
    ['an invalid host', tuned({}), { host: 'a b' }, 'BAD_AUTHORITY', null],
    [
      'a path below no mount',
      worker(filesIn([mount('/docs')])),
      {},
      'NOT_FOUND',
      'workers.static_files.mounts',
    ],
    [
      'a hidden name',
      worker(filesIn([mount('/')])),
      { url: '/.git/config' },
      'NOT_FOUND',
      'workers.static_files.mounts[0]',
    ],
    ['a path at a forward proxy', worker(forwardTo()), {}, 'BAD_TARGET', 'workers.forward_proxy'],
    [
      'a loopback address',
      worker(forwardTo({ destinations: {} })),
      { url: 'http://127.0.0.1/' },
      'FORBIDDEN_DESTINATION',
      'workers.forward_proxy.destinations.allow',
    ],
    [
      'a name of the deny list',
      worker(forwardTo({ destinations: { deny: ['192.0.2.0/24', '*.bad.test:80'] } })),
      { url: 'http://a.bad.test/' },
      'FORBIDDEN_DESTINATION',
      'workers.forward_proxy.destinations.deny[1]',
    ],
    [
      'a port of CONNECT',
      worker(forwardTo({ destinations: { connect_ports: [8443] } })),
      { method: 'CONNECT', url: 'a.test:443' },
      'FORBIDDEN_PORT',
      'workers.forward_proxy.destinations.connect_ports',
    ],
    [
      'CONNECT without a forward proxy',
      tuned({}),
      { method: 'CONNECT', url: 'a:1' },
      'METHOD_NOT_ALLOWED',
      'workers.reverse_proxy',
    ],
  ])('%s', (_, of, more, code, setting) => {
    const { outcome, steps } = ask('GET /x', of, more)
    expect(outcome.code).toBe(code)
    const refusing = steps.filter(({ isRefusal, about }) => isRefusal && about !== 'answer')
    expect(refusing).toHaveLength(1)
    expect(refusing[0]?.setting).toBe(setting)
  })

  test('names the rate limits that apply, each by its setting', () => {
    const rules = [
      { id: 'default' },
      { id: 'posts', methods: ['POST'] },
      { id: 'login', pathPrefix: '/login' },
    ]
    const { steps } = ask('GET /login/x', tuned({ rates: { rules } }))
    expect(steps.flatMap(({ about, setting }) => (about === 'rate' ? [setting] : []))).toEqual([
      'workers.reverse_proxy.rate_limiting.default_limit',
      'workers.reverse_proxy.rate_limiting.rules[1]',
    ])
  })
})

/** The result of the guard itself, with a bucket that is always full. */
function guarded(
  question: ExplainedRequest,
  decided: Decision,
  services: readonly ServiceSettings[],
): Promise<Decision> {
  const guard = new Guards(services).of(decided)
  if (guard === null) return Promise.resolve(decided)
  const fields: string[] = []
  if (question.user !== null) {
    const field = `Basic ${Buffer.from(`${question.user}:right`).toString('base64')}`
    fields.push('authorization', field, 'proxy-authorization', field)
  }
  const exchange = {
    client: question.client,
    target: question.url,
    method: question.method,
    user: null,
    shownId: null,
    response: null,
    connection: { peer: question.client, transport: { isClosed: false } },
  } as unknown as Exchange
  const req = { fields } as unknown as HttpRequest
  return new Promise((resolve) => guard.ask(exchange, req, decided, resolve))
}

const anyTuning: fc.Arbitrary<Tuning> = fc.record(
  {
    access: fc.record({
      allow: fc.subarray(['192.0.2.0/24', '2001:db8::/32', '198.51.100.7', 'unix:']),
      deny: fc.subarray(['192.0.2.7', '2001:db8:1::/48']),
    }),
    auth: fc.constant({ users: [{ name: 'ann', password: { form: 'plain' as const, text: 'right' } }] }),
    rates: fc.constant({ rules: [{ limit: 1000 }, { id: 'x', pathPrefix: '/a', limit: 1000 }] }),
    sizes: fc.record({ maxBodyBytes: fc.constantFrom(0, 10), maxTargetBytes: fc.constantFrom(12, 8192) }),
  },
  { requiredKeys: [] },
)

const anyWorker = fc
  .record({
    forward: fc.option(anyTuning),
    reverse: fc.option(fc.tuple(fc.constantFrom('http://up.test', 'https://up.test/base/'), anyTuning)),
    files: fc.option(fc.tuple(fc.subarray(['/', '/a', '/a/b'], { minLength: 1 }), anyTuning)),
  })
  .filter(({ forward, reverse, files }) => forward !== null || reverse !== null || files !== null)
  .map(({ forward, reverse, files }) =>
    worker(
      ...(forward === null ? [] : [forwardTo(forward)]),
      ...(reverse === null ? [] : [reverseTo(...reverse)]),
      ...(files === null
        ? []
        : [
            filesIn(
              files[0].map((path) => mount(path)),
              files[1],
            ),
          ]),
    ),
  )

const anyUrl = fc.oneof(
  fc.constantFrom(
    '*',
    '/',
    '/a',
    '/a/b/c',
    '/../x',
    '/a/../..',
    '/%',
    '/a/.git',
    '//x',
    'a.test:443',
    '/a#b',
    '/x y',
  ),
  fc.constantFrom(
    'http://a.test',
    'https://a.test:1/x?y',
    'http://u@a.test/',
    'ftp://a/',
    'http://a.test/%2e%2e/',
  ),
  fc
    .array(fc.constantFrom('/', '.', '..', 'a', 'b', '%2f', '%', '?', '\\', 'é'), { maxLength: 8 })
    .map((parts) => `/${parts.join('')}`),
)

const anyQuestion: fc.Arbitrary<ExplainedRequest> = fc.record({
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'CONNECT', 'TRACE'),
  url: anyUrl,
  host: fc.constantFrom('h.test', 'h.test:8080', '', 'a b', '[::1]', undefined),
  client: fc.constantFrom('192.0.2.7', '192.0.2.8', '2001:db8::1', '2001:db8:1::2', 'unix:'),
  user: fc.constantFrom(null, 'ann', 'bob'),
  version: fc.constantFrom(10, 11, 20),
  length: fc.constantFrom(undefined, 0, 10, 11),
  isUpgrade: fc.boolean(),
})

test('the outcome equals that of decide and the guard, for any request and worker', async () => {
  const codes = new Set<string>()
  await fc.assert(
    fc.asyncProperty(anyWorker, anyQuestion, async (of, question) => {
      const decided = decide(headOf(question), createPolicy(of.services))
      const judged = await guarded(question, decided, of.services)
      const { outcome, steps } = explain(question, of)
      const below = judged.kind === 'static' ? readStaticPath(judged.path, judged.mount.path) : null
      const code = judged.kind === 'reply' ? codeOf(judged) : typeof below === 'string' ? below : null
      expect(outcome.code).toBe(code)
      expect(outcome.kind).toBe(code === null ? judged.kind : 'reply')
      expect(outcome.status).toBe(code === null ? 0 : errorTable[code].status)
      const refusing = steps.filter(({ isRefusal, about }) => isRefusal && about !== 'answer')
      expect(refusing).toHaveLength(code === null ? 0 : 1)
      codes.add(code ?? outcome.kind)
    }),
    { numRuns: 2000 },
  )
  expect(codes.size).toBeGreaterThan(14)
})

test('an impossible head does not throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), anyWorker, (method, url, host, of) => {
      explain({ method, url, host, client: 'x', user: null }, of)
    }),
  )
})
