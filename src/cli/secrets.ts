/** Commands for keys and password values. */
import { readFileSync } from 'node:fs'
import { createMasterKey, type Environment, Keyring } from '../config/secrets/keyring.ts'
import { hashPassword } from '../config/secrets/password.ts'
import { BifrostError } from '../errors.ts'

/** Creates a key, a hash or an encrypted value; returns the line to print. Throws SECRET_UNREADABLE. */
export function runSecretCommand(
  kind: 'encrypt' | 'hash-password' | 'init-encryption-key',
  env: Environment,
): string {
  if (kind === 'init-encryption-key') return `The key is in ${createMasterKey(env)}. Keep a copy of it.`
  const text = readFileSync(0, 'utf8').replace(/\r?\n$/, '')
  if (text === '')
    throw new BifrostError('SECRET_UNREADABLE', 'standard input is empty; write the password to it')
  return kind === 'encrypt' ? new Keyring(env).encrypt(text) : hashPassword(text)
}
