/**
 * Compares a password with the configured plain text or hash, in a time that does not depend on where they
 * differ.
 */

import { promisify } from 'node:util'
import type { PasswordSettings } from '../../../config/settings/settings.ts'
import { nodeCrypto, randomBytes } from '../../../http/builtin.ts'
import type { BcryptThread } from './bcrypt.ts'

export interface Verifier {
  /** Approximate cost of a comparison, in the same unit for all kinds; 0: negligible. */
  readonly cost: number
  verify(password: string): Promise<boolean>
}

/** Throws TypeError for a malformed hash; configurations are checked earlier. */
export function createVerifier({ form, text }: PasswordSettings, bcrypt: BcryptThread): Verifier {
  switch (form) {
    case 'plain':
      return plainVerifier(text)
    case 'bcrypt':
      // One bcrypt round takes about as long as 256 blocks of scrypt.
      return {
        cost: 2 ** Number(text.slice(4, 6)) * 256,
        verify: (password) => bcrypt.compare(password, text),
      }
    case 'scrypt':
      return scryptVerifier(text)
  }
}

function plainVerifier(expected: string): Verifier {
  const key = randomBytes(32)
  const digest = (text: string) => nodeCrypto().createHmac('sha256', key).update(text).digest()
  const right = digest(expected)
  return { cost: 0, verify: async (password) => nodeCrypto().timingSafeEqual(digest(password), right) }
}

function scryptVerifier(text: string): Verifier {
  const [, , given = '', salt = '', hash = ''] = text.split('$')
  const [log, r, p] = given.split(',').map((pair) => Number(pair.split('=')[1]))
  if (log === undefined || r === undefined || p === undefined) throw new TypeError('not a scrypt hash')
  const runScrypt = promisify<string, Buffer, number, object, Buffer>(nodeCrypto().scrypt)
  const right = Buffer.from(hash, 'base64')
  const saltBytes = Buffer.from(salt, 'base64')
  const N = 2 ** log
  const options = { N, r, p, maxmem: 256 * N * r + 1024 * r * p }
  return {
    cost: N * r * p,
    verify: async (password) => {
      const key = await runScrypt(password, saltBytes, right.length, options)
      return nodeCrypto().timingSafeEqual(key, right)
    },
  }
}
