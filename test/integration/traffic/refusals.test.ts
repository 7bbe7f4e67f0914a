import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RawClient } from '../../kit/clients/raw-client.ts'
import { startTestDaemon, type TestDaemon } from '../../kit/daemons/daemon.ts'
import { whyOf } from '../../kit/daemons/traffic-questions.ts'
import { tempDir } from '../../kit/files/temp-dir.ts'
import { startOrigin, unusedPort } from '../../kit/origins/origin.ts'

let origin: Awaited<ReturnType<typeof startOrigin>>
let site: string

beforeAll(async () => {
  origin = await startOrigin(({ url }, res) => {
    if (url !== '/slow') res.writeHead(url === '/teapot' ? 418 : 200).end()
  })
  site = tempDir()
  writeFileSync(join(site, 'index.html'), 'hello')
})

afterAll(async () => {
  await origin[Symbol.asyncDispose]()
  rmSync(site, { recursive: true })
})

const at = { listen_addr: '127.0.0.1:0' }
const reverse = (block: object = {}) => ({
  mode: 'Combined',
  workers: { reverse_proxy: { ...at, target: `http://${origin.authority}`, request_id: {}, ...block } },
})
const forward = (block: object = {}) => ({ mode: 'Forward', workers: { forward_proxy: { ...at, ...block } } })
const mounts = () => [{ path: '/docs', root_dir: site }]
const files = (block: object = {}) => ({
  mode: 'Static',
  workers: { static_files: { ...at, mounts: mounts(), ...block } },
})

interface Kind {
  readonly name: string
  readonly worker: 'reverse_proxy' | 'forward_proxy' | 'static_files'
  readonly config: () => object | Promise<object>
  readonly ask: (client: RawClient, bridge: TestDaemon) => Promise<void> | void
  readonly outcome: string | number
  readonly setting: string | null
  /** The path written in the configuration; defaults to `setting`. */
  readonly place?: string
}

const get = async (client: RawClient, target = '/') => void (await client.get(target))
const connect = async (client: RawClient, authority: string) =>
  void (await client.head(`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`).response())

const kinds: readonly Kind[] = [
  {
    name: 'a trusted proxy whose field names no client',
    worker: 'reverse_proxy',
    config: () => reverse({ trusted_proxies: ['127.0.0.1'] }),
    ask: async (client) => void (await client.get('/', 'X-Forwarded-For: nobody')),
    outcome: 'BAD_FORWARDED',
    setting: 'workers.reverse_proxy.trusted_proxies',
  },
  {
    name: 'a client outside of the access list',
    worker: 'reverse_proxy',
    config: () => reverse({ access: { allow: ['10.0.0.0/8'], deny: ['192.0.2.0/24', '127.0.0.1'] } }),
    ask: (client) => get(client),
    outcome: 'FORBIDDEN_CLIENT',
    setting: 'workers.reverse_proxy.access.deny[1]',
  },
  {
    name: 'a request without a password',
    worker: 'reverse_proxy',
    config: () => reverse({ auth: { users: [{ name: 'ann', password: `$2b$04$${'a'.repeat(53)}` }] } }),
    ask: (client) => get(client),
    outcome: 'AUTH_REQUIRED',
    setting: 'workers.reverse_proxy.auth',
  },
  {
    name: 'a request above a rate limit',
    worker: 'reverse_proxy',
    config: () => reverse({ rate_limiting: { rules: [{ id: 'few', limit: 1, window_secs: 60 }] } }),
    ask: async (client) => {
      await get(client)
      await get(client)
    },
    outcome: 'RATE_LIMITED',
    setting: 'workers.reverse_proxy.rate_limiting.rules[0]',
  },
  {
    name: 'a connection above max_connections',
    worker: 'reverse_proxy',
    config: () => reverse({ max_connections: 1 }),
    ask: async (client, bridge) => {
      await get(client)
      using second = await RawClient.connect(bridge.port('reverse_proxy'))
      await second.response()
    },
    outcome: 'OVER_LIMIT',
    setting: 'workers.reverse_proxy.resource_limits.max_connections',
    place: 'workers.reverse_proxy.max_connections',
  },
  {
    name: 'a connection above max_connections_per_client',
    worker: 'reverse_proxy',
    config: () => reverse({ max_connections_per_client: 1 }),
    ask: async (client, bridge) => {
      await get(client)
      using second = await RawClient.connect(bridge.port('reverse_proxy'))
      await second.response()
    },
    outcome: 'OVER_LIMIT',
    setting: 'workers.reverse_proxy.max_connections_per_client',
  },
  {
    name: 'a body that is too large',
    worker: 'reverse_proxy',
    config: () => reverse({ request_limits: { max_body_size: 10 } }),
    ask: async (client) => {
      client.head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 11')
      await client.response()
    },
    outcome: 'BODY_TOO_LARGE',
    setting: 'workers.reverse_proxy.request_limits.max_body_size',
  },
  {
    name: 'a head that does not arrive in time',
    worker: 'reverse_proxy',
    config: () => reverse({ timeouts: { header_secs: 0.2 } }),
    ask: async (client) => {
      client.send('GET / HTTP/1.1\r\nHost: a\r\n')
      await client.response()
    },
    outcome: 'REQUEST_TIMEOUT',
    setting: 'workers.reverse_proxy.timeouts.header_secs',
  },
  {
    name: 'a head that is too large',
    worker: 'reverse_proxy',
    config: () => reverse({ request_limits: { max_header_size: 1024 } }),
    ask: async (client) => {
      client.head('GET / HTTP/1.1', 'Host: a', `X: ${'x'.repeat(2_000)}`)
      await client.response()
    },
    outcome: 'HEAD_TOO_LARGE',
    setting: 'workers.reverse_proxy.request_limits.max_header_size',
  },
  {
    name: 'an upstream that refuses',
    worker: 'reverse_proxy',
    config: () => reverse({ target: `http://127.0.0.1:1` }),
    ask: (client) => get(client),
    outcome: 'UPSTREAM_REFUSED',
    setting: 'workers.reverse_proxy.target',
  },
  {
    name: 'an upstream that does not answer in time',
    worker: 'reverse_proxy',
    config: () => reverse({ timeouts: { response_secs: 0.2 } }),
    ask: (client) => get(client, '/slow'),
    outcome: 'UPSTREAM_TIMEOUT',
    setting: 'workers.reverse_proxy.timeouts.response_secs',
  },
  {
    name: 'an answer of the upstream itself',
    worker: 'reverse_proxy',
    config: () => reverse(),
    ask: (client) => get(client, '/teapot'),
    outcome: 418,
    setting: 'workers.reverse_proxy.target',
  },
  {
    name: 'bytes that are not HTTP',
    worker: 'reverse_proxy',
    config: () => reverse(),
    ask: async (client) => {
      client.send('hello there\r\n\r\n')
      await client.response()
    },
    outcome: 'BAD_REQUEST',
    setting: null,
  },
  {
    name: 'a request without a Host',
    worker: 'reverse_proxy',
    config: () => reverse(),
    ask: async (client) => {
      client.head('GET / HTTP/1.1')
      await client.response()
    },
    outcome: 'BAD_REQUEST',
    setting: null,
  },
  {
    name: 'a request that has looped',
    worker: 'reverse_proxy',
    config: async () => {
      const port = await unusedPort()
      return reverse({ listen_addr: `127.0.0.1:${port}`, target: `http://127.0.0.1:${port}` })
    },
    ask: (client) => get(client),
    outcome: 'LOOP',
    setting: 'workers.reverse_proxy.target',
  },
  {
    name: 'a path as target of a forward proxy',
    worker: 'forward_proxy',
    config: () => forward(),
    ask: (client) => get(client),
    outcome: 'BAD_TARGET',
    setting: 'workers.forward_proxy',
  },
  {
    name: 'a path that no mount owns',
    worker: 'static_files',
    config: () => files(),
    ask: (client) => get(client, '/other'),
    outcome: 'NOT_FOUND',
    setting: 'workers.static_files.mounts',
  },
  {
    name: 'a file missing from its mount',
    worker: 'static_files',
    config: () => files(),
    ask: (client) => get(client, '/docs/missing.txt'),
    outcome: 404,
    setting: 'workers.static_files.mounts[0]',
  },
  {
    name: 'CONNECT to a worker without a forward proxy',
    worker: 'static_files',
    config: () => files(),
    ask: (client) => connect(client, 'a.test:443'),
    outcome: 'METHOD_NOT_ALLOWED',
    setting: 'workers.static_files',
  },
  {
    name: 'a destination refused by default',
    worker: 'forward_proxy',
    config: () => forward({ destinations: { deny: ['192.0.2.0/24'], allow: ['10.0.0.0/8'] } }),
    ask: (client) => get(client, 'http://[::ffff:127.0.0.1]:9/'),
    outcome: 'FORBIDDEN_DESTINATION',
    setting: 'workers.forward_proxy.destinations.allow',
  },
  {
    name: 'a destination denied by its name',
    worker: 'forward_proxy',
    config: () => forward({ destinations: { deny: ['192.0.2.0/24', '*.denied.test'] } }),
    ask: (client) => get(client, 'http://a.denied.test/'),
    outcome: 'FORBIDDEN_DESTINATION',
    setting: 'workers.forward_proxy.destinations.deny[1]',
  },
  {
    name: 'a name that resolves to this machine',
    worker: 'forward_proxy',
    config: () => forward({ destinations: { allow: ['10.0.0.0/8'], connect_ports: [9] } }),
    ask: (client) => connect(client, 'localhost:9'),
    outcome: 'FORBIDDEN_DESTINATION',
    setting: 'workers.forward_proxy.destinations.allow',
  },
  {
    name: 'the admin interface of this daemon',
    worker: 'forward_proxy',
    config: () => forward({ destinations: { allow: ['127.0.0.0/8'] } }),
    ask: (client, bridge) => get(client, `http://127.0.0.1:${bridge.port('admin')}/health`),
    outcome: 'FORBIDDEN_DESTINATION',
    setting: 'workers.forward_proxy.destinations.allow',
  },
  {
    name: 'a port not allowed for CONNECT',
    worker: 'forward_proxy',
    config: () => forward({ destinations: { connect_ports: [8443] } }),
    ask: (client) => connect(client, 'a.test:443'),
    outcome: 'FORBIDDEN_PORT',
    setting: 'workers.forward_proxy.destinations.connect_ports',
  },
  {
    name: 'a CONNECT whose upstream refuses',
    worker: 'forward_proxy',
    config: () => forward(),
    ask: (client) => connect(client, '127.0.0.1:1'),
    outcome: 'UPSTREAM_REFUSED',
    setting: null,
  },
]

describe.each(['thread', 'process'] as const)('a %s records and explains:', (isolation) => {
  test.each(kinds)('$name', async ({ worker, config, ask, outcome, setting, place }) => {
    await using bridge = await startTestDaemon(await config(), { isolation })
    using client = await RawClient.connect(bridge.port(worker))
    await ask(client, bridge)
    const { request, chain } = await whyOf(bridge, worker, outcome)
    expect(request.client).toBe('127.0.0.1')
    expect(request.instance).toBe(`${worker}#1`)
    const rule = chain.find((one) => one.about === 'rule' && one.setting === setting)
    expect(rule).toBeDefined()
    if (setting !== null) expect(rule?.place).toMatchObject({ file: 'test.json', path: place ?? setting })
    expect(chain[0]?.text).toContain(String(outcome))
    expect(chain.at(-1)?.about).toBe('right')
  })
})
