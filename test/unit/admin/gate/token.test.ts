import { chmodSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { bearerOf, isSame, openToken } from '../../../../src/admin/gate/token.ts'
import type { AdminSettings } from '../../../../src/config/settings/settings.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'

const settings = (rest: Partial<AdminSettings> = {}) => ({ token: undefined, tokenFile: null, ...rest })
const folder = () => tempDir()

describe('the admin token', () => {
  test('comes from the configuration if it is set there', () => {
    const home = folder()
    const token = openToken(settings({ token: 'of-the-configuration' }), { BIFROST_SECRET_HOME: home })
    expect(token).toEqual({ text: 'of-the-configuration', file: null, problem: null })
    expect(readdirSync(home)).toEqual([])
  })

  test('is created at the first start for its user only and reused at the next start', () => {
    const env = { BIFROST_SECRET_HOME: join(folder(), 'made', 'too') }
    const first = openToken(settings(), env)
    expect(first.file).toBe(join(env.BIFROST_SECRET_HOME, 'admin-token'))
    expect(first.text).toMatch(/^[\w-]{43}$/)
    expect(statSync(first.file ?? '').mode & 0o777).toBe(0o600)
    expect(statSync(env.BIFROST_SECRET_HOME).mode & 0o777).toBe(0o700)
    expect(readFileSync(first.file ?? '', 'utf8').trim()).toBe(first.text)
    expect(openToken(settings(), env)).toEqual(first)
    expect(readdirSync(env.BIFROST_SECRET_HOME)).toEqual(['admin-token'])
  })

  test('is read from the file that the configuration names', () => {
    const tokenFile = join(folder(), 'tok')
    writeFileSync(tokenFile, 'written-by-an-operator\n', { mode: 0o600 })
    expect(openToken(settings({ tokenFile })).text).toBe('written-by-an-operator')
  })

  test.each([
    [
      'can be read by others',
      (file: string) => writeFileSync(file, 'a-token-of-some-length', { mode: 0o644 }),
    ],
    ['contains no token', (file: string) => writeFileSync(file, 'short', { mode: 0o600 })],
    ['ELOOP', (file: string) => symlinkSync('/etc/hostname', file)],
    ['is not a regular file', (file: string) => symlinkSync('/dev/null', `${file}.x`)],
  ])('aborts the start if the configured file is unusable: %s', (reason, make) => {
    const file = join(folder(), 'tok')
    make(file)
    const tokenFile = reason === 'is not a regular file' ? '/dev/null' : file
    expect(() => openToken(settings({ tokenFile }))).toThrow(reason)
  })

  test('is missing if its default file is unusable, and the reason is reported', () => {
    const home = folder()
    writeFileSync(join(home, 'admin-token'), 'a-token-of-some-length', { mode: 0o600 })
    chmodSync(join(home, 'admin-token'), 0o640)
    const token = openToken(settings(), { BIFROST_SECRET_HOME: home })
    expect(token.text).toBeNull()
    expect(token.problem).toContain('can be read by others; run chmod 600')
    expect(JSON.stringify(token)).not.toContain('a-token-of-some-length')
  })
})

test('a token is compared as a whole', () => {
  expect(isSame('abc', 'abc')).toBe(true)
  for (const other of ['', 'ab', 'abcd', 'abC']) expect(isSame(other, 'abc')).toBe(false)
})

test.each([
  ['Bearer abc', 'abc'],
  ['bearer   abc', 'abc'],
  ['Basic abc', ''],
  ['Bearer', ''],
  ['Bearer a b', ''],
  [undefined, ''],
])('the token in %s is %s', (field, text) => {
  expect(bearerOf(field)).toBe(text)
})
