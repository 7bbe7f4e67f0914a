import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../../../src/config/load.ts'
import { hideSecrets } from '../../../../src/config/schema/secret-keys.ts'
import { Keyring } from '../../../../src/config/secrets/keyring.ts'
import { errorOf, load, messages } from '../../../kit/configuration/config-text.ts'

const withToken = (token: unknown) => ({
  mode: 'Forward',
  listen_addr: '127.0.0.1:3128',
  admin: { token },
})

describe('admin.token', () => {
  test('is read, and hidden when the configuration is shown', () => {
    const { effective, settings } = load(withToken('sixteen-letters-or-more'))
    expect(settings.admin.token).toBe('sixteen-letters-or-more')
    const { shown, hidden } = hideSecrets(effective)
    expect(JSON.stringify(shown)).not.toContain('sixteen')
    expect([shown.admin.token, hidden]).toEqual(['***', ['admin.token']])
  })

  test('is not shown if it is not configured', () => {
    const { effective } = load({ mode: 'Forward', listen_addr: '127.0.0.1:3128' })
    expect(hideSecrets(effective)).toEqual({ shown: effective, hidden: [] })
  })

  test.each([
    'too-short',
    'sixteen letters with spaces',
    'sixteen-letters-\u00fcmlaut',
    1234567890123456,
    '***',
  ])('is refused without being shown: %j', (token) => {
    const [message] = messages(withToken(token))
    expect(message).toBe(
      'admin.token: is not usable; must be text of at least 16 characters, visible ASCII without spaces',
    )
  })
})

describe('passwords', () => {
  const bcrypt = `$2b$10$${'a'.repeat(53)}`
  const env = { BIFROST_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }
  const encrypted = new Keyring(env).encrypt('open sesame')
  const withUsers = (...users: unknown[]) => ({
    mode: 'Forward',
    listen_addr: '127.0.0.1:3128',
    workers: { forward_proxy: { auth: { users } } },
  })
  const parse = (config: unknown) =>
    parseConfig(JSON.stringify(config), { file: 'bifrost.json', baseDir: '/', env })
  const faults = (config: unknown) =>
    errorOf(() => parse(config), 'CONFIG_INVALID')?.message.replaceAll(/^bifrost\.json:\d+:\d+ /gm, '')

  test('are hashes or decrypted text in the settings, unchanged in the configuration, and hidden when shown', () => {
    const users = [
      { name: 'alice', password: bcrypt },
      { name: 'bob', password: encrypted },
    ]
    const { settings, effective } = parse(withUsers(...users))
    expect(settings.workers[0]?.services[0]?.auth).toEqual({
      realm: 'Bifrost Bridge',
      users: [
        { name: 'alice', password: { form: 'bcrypt', text: bcrypt } },
        { name: 'bob', password: { form: 'plain', text: 'open sesame' } },
      ],
      cacheMs: 300_000,
      forwards: false,
    })
    expect(parse(effective).effective).toEqual(effective)
    const { shown, hidden } = hideSecrets(effective)
    const text = JSON.stringify(shown)
    for (const secret of ['aaaa', 'encrypted', 'sesame']) expect(text).not.toContain(secret)
    const at = (index: number) => `workers.forward_proxy.auth.users[${index}].password`
    expect(hidden).toEqual([at(0), at(1)])
  })

  test.each([
    [{ name: 'alice', password: 'hunter2' }, '.password: is not usable; must be a bcrypt hash'],
    [{ name: 'alice', password: 12345 }, '.password: is not usable; must be a bcrypt hash'],
    ['alice:hunter2', ': is not usable; must be an object with keys such as name'],
    [
      { name: 'alice:hunter2', password: bcrypt },
      '.name: is not usable; must be text of at most 256 characters without colon',
    ],
    [{ name: 'alice', password: '{encrypted}AAAA' }, '.password: is too short for an {encrypted} value'],
    [{ name: 'alice' }, '.password: is not usable; must be a bcrypt hash'],
  ])('%j is refused, and no secret is shown', (user, message) => {
    const fault = faults(withUsers(user)) ?? ''
    expect(fault.startsWith(`workers.forward_proxy.auth.users[0]${message}`), fault).toBe(true)
    expect(fault.split('\n')).toHaveLength(1)
    expect(fault).not.toMatch(/hunter2|12345/)
  })

  test('with a duplicate user name are refused', () => {
    expect(faults(withUsers({ name: 'a', password: bcrypt }, { name: 'a', password: bcrypt }))).toBe(
      'workers.forward_proxy.auth.users[1].name: is also the name of users[0]; keep one of them',
    )
  })

  test('the admin token may be encrypted too', () => {
    const token = new Keyring(env).encrypt('sixteen-letters-or-more')
    expect(parse(withToken(token)).settings.admin.token).toBe('sixteen-letters-or-more')
    const short = new Keyring(env).encrypt('short')
    expect(faults(withToken(short))).toContain('admin.token: is not usable; must be at least 16')
  })
})

describe('a secret in the wrong place is not shown', () => {
  const secret = 's3cr3t-canary'
  const users = (value: unknown) => ({ workers: { forward_proxy: { auth: value } } })
  const headers = (value: unknown) => ({ telemetry: { endpoint: 'http://127.0.0.1:4318', headers: value } })
  test.each([
    ['a header whose name has a line end', headers({ 'a\nb': secret })],
    ['a header without a name', headers({ '': secret })],
    ['a header named __proto__', { telemetry: JSON.parse(`{"headers":{"__proto__":"${secret}"}}`) }],
    ['a list of headers', headers([secret])],
    ['admin as a text', { admin: secret }],
    ['telemetry as a text', { telemetry: secret }],
    ['auth as a text', users(secret)],
    ['a user name with the password behind it', users({ users: [{ name: `alice:${secret}` }] })],
  ])('%s', (_, block) => {
    const config = { mode: 'Forward', listen_addr: '127.0.0.1:3128', ...block }
    const found = messages(config)
    expect(found).not.toHaveLength(0)
    expect(found.join('\n')).not.toContain(secret)
  })
})

test.each(['headers', 'resource'])('__proto__ in telemetry.%s is refused, not ignored', (key) => {
  const text = `{"mode":"Forward","listen_addr":"127.0.0.1:3128","telemetry":{"${key}":{"__proto__":"x","a":"b"}}}`
  expect(messages(text)).toEqual([`telemetry.${key}.__proto__: is not a usable name; JavaScript reserves it`])
})
