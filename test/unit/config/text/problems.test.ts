import { expect, test } from 'vitest'
import { nearest } from '../../../../src/config/text/nearest.ts'
import { load, messages, problems } from '../../../kit/configuration/config-text.ts'

test('every bad field is reported at once, with its position, in the order of the file', () => {
  const text = `{
  // the mode is fine
  "mode": "Combined",
  "listen_adr": "127.0.0.1:8080",
  "workers": {
    "forward_proxy": {
      "max_conections": 10,
      "max_memory_mb": "512",
      "port": 3128
    },
    "reverse_proxy": {
      "listen_addr": "127.0.0.1:9900",
      "timeouts": { "connect_secs": 3 },
      "resource_limits": { "connection_timeout_secs": 4 }
    },
    "static_files": {
      "enabled": "yes",
      "connection_pool": {},
      "mounts": [
        { "path": "app", "root_dir": "." },
        { "path": "/app", "root_dir": "/nowhere/at/all" },
        { "path": "/app/", "spa_mode": true }
      ]
    }
  },
  "drain_timeout_secs": -1
}
`
  expect(problems(text)).toEqual([
    'bifrost.json:4:3 listen_adr: is not a known key; did you mean `listen_addr`?',
    'bifrost.json:7:7 workers.forward_proxy.max_conections: is not a known key; did you mean `max_connections`?',
    'bifrost.json:8:24 workers.forward_proxy.max_memory_mb: is the text "512"; must be a whole number from 16 to 1048576',
    'bifrost.json:9:15 workers.forward_proxy.port: has no host; add a top-level listen_addr, or give listen_addr such as "127.0.0.1:8080" instead',
    'bifrost.json:11:22 workers.reverse_proxy: has no target; add the upstream, such as "target": "http://127.0.0.1:3000"',
    'bifrost.json:12:22 workers.reverse_proxy.listen_addr: 127.0.0.1:9900 is taken by admin.listen_addr, by default; choose another port',
    'bifrost.json:13:37 workers.reverse_proxy.timeouts.connect_secs: is 3, but resource_limits.connection_timeout_secs is 4, an alias of it; keep one of them',
    'bifrost.json:16:21 workers.static_files: leaves static_files without an address; add "listen_addr": "127.0.0.1:8080" to it, or at the top level',
    'bifrost.json:17:18 workers.static_files.enabled: is the text "yes"; must be true or false',
    'bifrost.json:18:7 workers.static_files.connection_pool: does not apply to static_files, only to forward_proxy and reverse_proxy; remove it',
    'bifrost.json:20:19 workers.static_files.mounts[0].path: is the text "app"; must start with /, such as "/app"',
    'bifrost.json:21:39 workers.static_files.mounts[1].root_dir: "/nowhere/at/all" does not exist; must be an existing directory; a relative path starts from the directory of this file',
    'bifrost.json:22:9 workers.static_files.mounts[2].root_dir: is missing; must be the path of a directory',
    'bifrost.json:22:19 workers.static_files.mounts[2].path: is also the path of mounts[1]; give each mount its own path',
    'bifrost.json:26:25 drain_timeout_secs: is -1; must be a number of seconds from 0.001 to 604800 (7 days)',
  ])
})

test('positions in YAML match the file', () => {
  const text =
    'mode: forward\nlisten_addr: 8080\n\nworkers:\n  forward_proxy:\n    max_connections: many\n    ports: 1\n'
  expect(problems(text)).toEqual([
    'bifrost.json:1:7 mode: is the text "forward"; must be "Forward", "Reverse", "Static" or "Combined"',
    'bifrost.json:2:14 listen_addr: is 8080; must be host:port, such as "127.0.0.1:8080"',
    'bifrost.json:6:22 workers.forward_proxy.max_connections: is the text "many"; must be a whole number from 1 to 1000000',
    'bifrost.json:7:5 workers.forward_proxy.ports: is not a known key; did you mean `port`?',
  ])
})

test('a missing mode is reported with the allowed words', () => {
  expect(problems('{}')).toEqual([
    'bifrost.json:1:1 mode: is missing; must be "Forward", "Reverse", "Static" or "Combined"',
  ])
})

test.each([
  ['[]', 'an empty list'],
  ['[1]', 'a list'],
  ['3', '3'],
  ['true', 'true'],
  ['null', 'empty (null)'],
  ['"x"', 'the text "x"'],
])('a worker that is %s causes one problem', (block, given) => {
  const text = `{"mode": "Combined", "listen_addr": "a:1", "workers": {"reverse_proxy": ${block}}}`
  expect(messages(text)).toEqual([
    `workers.reverse_proxy: is ${given}; must be an object with keys such as enabled`,
  ])
})

test('isolation is an enumeration of three words (D01)', () => {
  const workers = { forward_proxy: { isolation: 'container' } }
  expect(messages({ mode: 'Forward', listen_addr: 'a:1', workers })).toEqual([
    'workers.forward_proxy.isolation: is the text "container"; must be "thread", "process" or "shared"',
  ])
})

test('the problem of a key that resembles no known key lists the known ones', () => {
  expect(messages({ mode: 'Forward', listen_addr: 'a:1', admin: { zzzzzz: 1 } })).toEqual([
    'admin.zzzzzz: is not a known key; known here: enabled, listen_addr, token, token_file, tls, hosts',
  ])
})

test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
  '%s is reported as an unknown key and has no effect',
  (key) => {
    const text = `{"mode": "Forward", "listen_addr": "a:1", "${key}": {"polluted": 1}, "workers": {"${key}": 1}}`
    const lines = messages(text)
    expect(lines).toHaveLength(2)
    expect(lines[0]).toContain(`${key}: is not a known key; `)
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  },
)

test('long keys and values, or those with line breaks, stay in one short line', () => {
  const lines = problems({ mode: `a\nb${'x'.repeat(5000)}`, [`k\n${'y'.repeat(5000)}`]: 1 })
  expect(lines).toHaveLength(2)
  for (const line of lines) expect(line.length).toBeLessThan(300)
})

test('Unicode line ends do not end the line of a problem', () => {
  expect(messages('\u2028')).toEqual(['is the text "\\u2028"; must be an object with keys such as mode'])
})

test('$schema is accepted, for editors', () => {
  expect(messages({ $schema: './schema.json', mode: 'Forward', listen_addr: 'a:1' })).toEqual([])
})

test.each([
  ['max_conections', 'max_connections'],
  ['Listen_Addr', 'listen_addr'],
  ['mounts ', 'mounts'],
  ['maxConnections', 'max_connections'],
  ['zzz', undefined],
])('the known key nearest to %j is %j', (word, known) => {
  expect(nearest(word, ['max_connections', 'listen_addr', 'mounts', 'port'])).toBe(known)
})

test('settings and effective configuration are deeply frozen', () => {
  const { settings, effective } = load({ mode: 'Forward', listen_addr: 'a:1' })
  const isFrozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(isFrozen))
  expect([isFrozen(settings), isFrozen(effective)]).toEqual([true, true])
})
