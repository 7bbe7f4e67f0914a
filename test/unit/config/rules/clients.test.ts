import { describe, expect, test } from 'vitest'
import { load, messages, worker } from '../../../kit/configuration/config-text.ts'

const reverse = (block: object) => ({
  mode: 'Reverse',
  listen_addr: '127.0.0.1:8080',
  workers: { reverse_proxy: { target: 'http://127.0.0.1:3000', ...block } },
})
const service = (block: object) => worker(reverse(block), 'reverse_proxy').services[0]

describe('client addresses', () => {
  test('by default no proxy is trusted, upstreams get both fields, and there are no request ids', () => {
    expect(service({})).toMatchObject({
      trust: { proxies: [], believes: 'x_forwarded' },
      forwarding: { xForwarded: true, forwarded: true, names: 'address' },
      requestId: null,
    })
  })

  test('the settings are read, and printed unchanged', () => {
    const block = {
      trusted_proxies: ['10.0.0.0/8', '::1', '::ffff:10.0.0.0/104'],
      forwarding: { send: 'forwarded', believe: 'forwarded', client: 'obfuscated' },
      request_id: { in_response: true },
    }
    expect(service(block)).toMatchObject({
      trust: { proxies: block.trusted_proxies, believes: 'forwarded' },
      forwarding: { xForwarded: false, forwarded: true, names: 'obfuscated' },
      requestId: { inResponse: true },
    })
    const { effective } = load(reverse(block))
    expect(load(effective).effective).toEqual(effective)
  })

  test('request ids can be disabled', () => {
    expect(service({ request_id: { enabled: false } })).toMatchObject({ requestId: null })
  })

  test.each([
    ['10.0.0', 'must be an IP address or network, such as "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"'],
    ['proxy.test', 'must be an IP address or network, such as "192.0.2.1", "10.0.0.0/8" or "2001:db8::/32"'],
    ['10.0.0.0/33', 'must have a prefix length from 0 to 32 after the slash'],
    ['10.0.0.0/', 'must have a prefix length from 0 to 32 after the slash'],
    ['::/129', 'must have a prefix length from 0 to 128 after the slash'],
    ['::ffff:10.0.0.0/8', 'must have a prefix length from 96 to 128 after the slash'],
  ])('the trusted proxy %j is refused', (text, right) => {
    expect(messages(reverse({ trusted_proxies: ['::1', text] }))).toEqual([
      `workers.reverse_proxy.trusted_proxies[1]: is the text ${JSON.stringify(text)}; ${right}`,
    ])
  })

  test('static files send no forwarding fields', () => {
    const config = {
      mode: 'Static',
      listen_addr: '127.0.0.1:8080',
      workers: { static_files: { mounts: [{ path: '/', root_dir: '.' }], forwarding: { send: 'both' } } },
    }
    expect(messages(config, process.cwd())).toEqual([
      'workers.static_files.forwarding.send: does not apply to static_files, only to forward_proxy and reverse_proxy; remove it',
    ])
  })
})

describe('access', () => {
  test('admits all clients by default, and needs only one of its two lists', () => {
    expect(service({})).toMatchObject({ access: null })
    expect(service({ access: { deny: ['10.0.0.0/8'] } })).toMatchObject({
      access: { allow: [], deny: ['10.0.0.0/8'] },
    })
  })

  test.each([{}, { allow: [] }, { allow: [], deny: [] }])(
    '%j is refused, since it admits all clients',
    (access) => {
      expect(messages(reverse({ access }))).toEqual([
        'workers.reverse_proxy.access: admits all clients; add allow or deny, such as "allow": ["10.0.0.0/8"], or remove it',
      ])
    },
  )

  test('reports a wrong network as one problem', () => {
    expect(messages(reverse({ access: { allow: ['10.0.0.0/64'] } }))).toEqual([
      'workers.reverse_proxy.access.allow[0]: is the text "10.0.0.0/64"; must have a prefix length from 0 to 32 after the slash',
    ])
  })
})

describe('rate limits', () => {
  const rates = (rate_limiting: object, more: object = {}) => reverse({ rate_limiting, ...more })
  const minute = { limit: 60, window_secs: 60 }

  test('are off by default, and when disabled', () => {
    expect(service({})).toMatchObject({ rates: null })
    expect(service({ rate_limiting: { enabled: false, default_limit: minute } })).toMatchObject({
      rates: null,
    })
  })

  test('are read in the format of the Rust project, with defaults for omitted keys', () => {
    const given = {
      enabled: true,
      default_limit: { limit: 100, window_secs: 60 },
      rules: [{ id: 'login', limit: 5, window_secs: 0.5, path_prefix: '/login/', methods: ['POST'] }],
    }
    expect(service({ rate_limiting: given })).toMatchObject({
      rates: {
        maxKeys: 100_000,
        announces: false,
        rules: [
          {
            id: 'default',
            quota: 100,
            limit: 100,
            windowMs: 60_000,
            burst: 100,
            pathPrefix: null,
            methods: null,
          },
          {
            id: 'login',
            limit: 5,
            windowMs: 500,
            burst: 5,
            pathPrefix: '/login',
            methods: ['POST'],
            key: 'client',
          },
        ],
      },
    })
    const { effective } = load(rates(given))
    expect(load(effective).effective).toEqual(effective)
  })

  test('can have a header field or user as key, and a burst', () => {
    const auth = { users: [{ name: 'a', password: `$2b$10$${'a'.repeat(53)}` }] }
    const rules = [
      { id: 'key', ...minute, key: 'header', header: 'X-Api-Key', burst: 5 },
      { id: 'user', ...minute, key: 'user' },
    ]
    expect(service({ auth, rate_limiting: { rules } })).toMatchObject({
      rates: {
        rules: [
          { key: 'header', header: 'x-api-key', burst: 5 },
          { key: 'user', header: null },
        ],
      },
    })
  })

  const at = 'workers.reverse_proxy.rate_limiting'
  test.each([
    [{}, ': limits nothing; add default_limit, such as { "limit": 100, "window_secs": 60 }, or remove it'],
    [
      { default_limit: { limit: 0, window_secs: 60 } },
      '.default_limit.limit: is 0; must be a whole number from 1 to 1000000000',
    ],
    [
      { default_limit: { limit: 1, window_secs: 0 } },
      '.default_limit.window_secs: is 0; must be a number of seconds from 0.001 to 604800 (7 days)',
    ],
    [
      { default_limit: { limit: 1 } },
      '.default_limit.window_secs: is missing; must be a number of seconds from 0.001 to 604800 (7 days)',
    ],
    [
      { default_limit: { ...minute, key: 'header' } },
      '.default_limit.key: needs a header field; add it, such as "header": "X-Api-Key"',
    ],
    [
      { default_limit: { ...minute, header: 'X-A' } },
      '.default_limit.header: has no effect; add "key": "header", or remove it',
    ],
    [
      { default_limit: { ...minute, key: 'user' } },
      '.default_limit.key: is "user", but the worker has no auth; add it, or count by client',
    ],
    [
      { rules: [{ id: 'a', ...minute, methods: ['post'] }] },
      '.rules[0].methods[0]: is the text "post"; must be a method in capital letters, such as "POST"',
    ],
    [
      { rules: [{ id: 'a', ...minute, path_prefix: 'api' }] },
      '.rules[0].path_prefix: is the text "api"; must start with /, such as "/api"',
    ],
    [
      { rules: [{ id: 'a b', ...minute }] },
      '.rules[0].id: is the text "a b"; must be text of 1 to 64 letters, digits and . _ : -',
    ],
    [
      {
        rules: [
          { id: 'a', ...minute },
          { id: 'a', ...minute },
        ],
      },
      '.rules[1].id: is also the name of rules[0]; give each limit its own name',
    ],
    [
      { default_limit: minute, rules: [{ id: 'default', ...minute }] },
      '.rules[0].id: is also the name of default_limit; give each limit its own name',
    ],
  ])('%j is refused', (given, message) => {
    expect(messages(rates(given))).toEqual([`${at}${message}`])
  })
})
