import { readFileSync } from 'node:fs'
import { createMasterKey, type Environment, Keyring } from '../config/secrets/keyring.ts'
import { hashPassword } from '../config/secrets/password.ts'
import { BifrostError } from '../errors.ts'

/** Makes what a configuration has in the place of a password. Throws SECRET_UNREADABLE. */
export function runSecretCommand(
  kind: 'encrypt' | 'hash-password' | 'init-encryption-key',
  env: Environment,
): string {
  if (kind === 'init-encryption-key') return `The key is in ${createMasterKey(env)}. Keep a copy of it.`
  const text = readFileSync(0, 'utf8').replace(/\r?\n$/, '')
  if (text === '')
    throw new BifrostError('SECRET_UNREADABLE', 'standard input is empty; give it the password')
  return kind === 'encrypt' ? new Keyring(env).encrypt(text) : hashPassword(text)
}
