import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createMasterKey, Keyring } from '../../../../src/config/secrets/keyring.ts'
import { errorOf } from '../../../kit/configuration/config-text.ts'
import { tempDir } from '../../../kit/files/temp-dir.ts'

const master = { BIFROST_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') }

function home() {
  const env = { BIFROST_SECRET_HOME: join(tempDir(), 'secrets') }
  createMasterKey(env)
  return env
}

const fault = (call: () => unknown) => errorOf(call, 'SECRET_UNREADABLE')?.message

test('an encrypted value can be read with the same key, and differs each time', () => {
  for (const env of [master, home()]) {
    const one = new Keyring(env).encrypt('grüße')
    expect(one).toMatch(/^\{encrypted\}[A-Za-z0-9+/]+=*$/)
    expect(new Keyring(env).open(one)).toBe('grüße')
    expect(new Keyring(env).encrypt('grüße')).not.toBe(one)
  }
})

test('keys and values in the format of the older project are read', () => {
  const directory = tempDir()
  chmodSync(directory, 0o700)
  const write = (name: string, bytes: Uint8Array) =>
    writeFileSync(join(directory, name), `${Buffer.from(bytes).toString('base64')}\n`)
  const key = Buffer.from(Array.from({ length: 32 }, (_, at) => at))
  const mask = Buffer.alloc(32, 0xa5)
  const masked = key.map((byte, at) => byte ^ (mask[at] ?? 0))
  write('master_key.mask', mask)
  write('master_key.part1', masked.subarray(0, 11))
  write('master_key.part2', masked.subarray(11, 22))
  write('master_key.part3', masked.subarray(22))
  const value = new Keyring({ BIFROST_MASTER_KEY: key.toString('base64') }).encrypt('old')
  expect(new Keyring({ BIFROST_SECRET_HOME: directory }).open(value)).toBe('old')
})

test('plain text is returned unchanged, and needs no key', () => {
  expect(new Keyring({ BIFROST_SECRET_HOME: '/nowhere' }).open('plain')).toBe('plain')
})

test('only its owner can read the key, and it is not overwritten', () => {
  const env = home()
  const directory = env.BIFROST_SECRET_HOME
  expect(statSync(directory).mode & 0o777).toBe(0o700)
  const files = readdirSync(directory)
  expect(files).toEqual(['master_key.mask', 'master_key.part1', 'master_key.part2', 'master_key.part3'])
  for (const file of files) expect(statSync(join(directory, file)).mode & 0o777).toBe(0o600)
  expect(fault(() => createMasterKey(env))).toBe(`${directory} already has a master key`)
})

describe('decryption errors are reported for', () => {
  const value = new Keyring(master).encrypt('secret')

  test('the wrong key', () => {
    const other = { BIFROST_MASTER_KEY: Buffer.alloc(32, 8).toString('base64') }
    const message = 'was not encrypted with this key; encrypt it again with --encrypt'
    expect(fault(() => new Keyring(other).open(value))).toBe(message)
    const tampered = `${value.slice(0, 20)}${value[20] === 'A' ? 'B' : 'A'}${value.slice(21)}`
    expect(fault(() => new Keyring(master).open(tampered))).toBe(message)
  })

  test('a value that is too short', () => {
    expect(fault(() => new Keyring(master).open('{encrypted}AAAA'))).toBe(
      'is too short for an {encrypted} value',
    )
  })

  test('a missing or short key', () => {
    const env = { BIFROST_SECRET_HOME: '/nowhere' }
    const message = 'needs a master key, but /nowhere has none; --init-encryption-key creates one'
    expect(fault(() => new Keyring(env).open(value))).toBe(message)
    const short = { BIFROST_MASTER_KEY: 'AAAA' }
    expect(fault(() => new Keyring(short).open(value))).toContain('BIFROST_MASTER_KEY of 32 bytes')
  })

  test('a directory that other users can read', () => {
    const env = home()
    chmodSync(env.BIFROST_SECRET_HOME, 0o750)
    expect(fault(() => new Keyring(env).open(value))).toContain(
      'which other users can read (750); chmod 700 it',
    )
  })

  test('a damaged part of the key', () => {
    const env = home()
    writeFileSync(join(env.BIFROST_SECRET_HOME, 'master_key.part2'), 'AAAA')
    expect(fault(() => new Keyring(env).open(value))).toContain('master_key.part2 has 3 bytes instead of 11')
  })
})
