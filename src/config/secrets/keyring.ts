/**
 * `{encrypted}` values: AES-256-GCM with one master key, written as `{encrypted}` and the base64 of nonce (12 bytes),
 * ciphertext and tag (16 bytes). Format and key files are those of the Rust project, so its values can be read.
 *
 * The key is BIFROST_MASTER_KEY (base64 of 32 bytes), or it is in four files of $BIFROST_SECRET_HOME or ~/.bifrost: a
 * mask, and three parts of the masked key. The mask does not protect the key; the permissions of the directory do.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { BifrostError } from '../../errors.ts'
import { encryptedPrefix } from './password.ts'

export type Environment = Readonly<Record<string, string | undefined>>

const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const maskFile = 'master_key.mask'
const parts = [
  { file: 'master_key.part1', from: 0, to: 11 },
  { file: 'master_key.part2', from: 11, to: 22 },
  { file: 'master_key.part3', from: 22, to: keyBytes },
] as const

/** Directory of the master key and the admin token; readable by its owner only. */
export const secretHome = (env: Environment): string =>
  env['BIFROST_SECRET_HOME'] ?? join(homedir(), '.bifrost')

/** Reads the master key once, on first use. Every method throws SECRET_UNREADABLE. */
export class Keyring {
  readonly #env: Environment
  #key: Buffer | null = null

  constructor(env: Environment) {
    this.#env = env
  }

  /** Decrypts an `{encrypted}` value; returns any other text unchanged. */
  open(value: string): string {
    if (!value.startsWith(encryptedPrefix)) return value
    const bytes = Buffer.from(value.slice(encryptedPrefix.length), 'base64')
    if (bytes.length <= nonceBytes + tagBytes) throw fault('is too short for an {encrypted} value')
    const decipher = createDecipheriv('aes-256-gcm', this.#masterKey(), bytes.subarray(0, nonceBytes))
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    try {
      const clear = [decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(clear))
    } catch (cause) {
      throw fault('was not encrypted with this key; encrypt it again with --encrypt', cause)
    }
  }

  encrypt(text: string): string {
    const nonce = randomBytes(nonceBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#masterKey(), nonce)
    const bytes = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
    return encryptedPrefix + Buffer.concat(bytes).toString('base64')
  }

  #masterKey(): Buffer {
    this.#key ??= readMasterKey(this.#env)
    return this.#key
  }
}

/** Creates a master key and returns its directory. Throws SECRET_UNREADABLE if one exists. */
export function createMasterKey(env: Environment): string {
  const home = secretHome(env)
  if (existsSync(join(home, maskFile))) throw fault(`${home} already has a master key`)
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    chmodSync(home, 0o700)
    const key = randomBytes(keyBytes)
    const mask = randomBytes(keyBytes)
    const options = { mode: 0o600, flag: 'wx' } as const
    for (const { file, from, to } of parts) {
      const part = key.subarray(from, to).map((byte, at) => byte ^ (mask[from + at] as number))
      writeFileSync(join(home, file), Buffer.from(part).toString('base64'), options)
    }
    writeFileSync(join(home, maskFile), mask.toString('base64'), options)
  } catch (cause) {
    throw fault(`cannot write a key to ${home}: ${reasonOf(cause)}`, cause)
  }
  return home
}

function readMasterKey(env: Environment): Buffer {
  const given = env['BIFROST_MASTER_KEY']
  if (given !== undefined) {
    const key = Buffer.from(given, 'base64')
    if (key.length !== keyBytes) throw fault('needs a BIFROST_MASTER_KEY of 32 bytes in base64')
    return key
  }
  const home = secretHome(env)
  if (!existsSync(join(home, maskFile))) {
    throw fault(`needs a master key, but ${home} has none; --init-encryption-key creates one`)
  }
  try {
    const mode = statSync(home).mode & 0o777
    if ((mode & 0o077) !== 0) {
      throw fault(
        `has its master key in ${home}, which other users can read (${mode.toString(8)}); chmod 700 it`,
      )
    }
    const mask = readPart(home, maskFile, keyBytes)
    const masked = Buffer.concat(parts.map(({ file, from, to }) => readPart(home, file, to - from)))
    return Buffer.from(masked.map((byte, at) => byte ^ (mask[at] as number)))
  } catch (cause) {
    if (cause instanceof BifrostError) throw cause
    throw fault(`has a master key in ${home} that cannot be read: ${reasonOf(cause)}`, cause)
  }
}

function readPart(home: string, file: string, length: number): Buffer {
  const bytes = Buffer.from(readFileSync(join(home, file), 'utf8').trim(), 'base64')
  if (bytes.length !== length) throw new RangeError(`${file} has ${bytes.length} bytes instead of ${length}`)
  return bytes
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

const fault = (message: string, cause?: unknown): BifrostError =>
  new BifrostError('SECRET_UNREADABLE', message, { cause })
