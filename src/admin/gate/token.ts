/** Reads, creates and compares the admin token. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type Environment, secretHome } from '../../config/secrets/keyring.ts'
import type { AdminSettings } from '../../config/settings/settings.ts'
import { BifrostError } from '../../errors.ts'

/** The admin token, which authorises changes. It is never logged, printed or sent. */
export interface AdminToken {
  /** Null if there is no token; then nothing can be changed. */
  readonly text: string | null
  /** The file it was read from; null if the configuration contains it. */
  readonly file: string | null
  /** Why there is no token. */
  readonly problem: string | null
}

const form = /^[\x21-\x7e]{16,4096}$/

/**
 * Reads the token and creates it at the first start. Throws SECRET_UNREADABLE for a configured file. A
 * problem with the default file is only reported, because reading works without a token.
 */
export function openToken(
  settings: Pick<AdminSettings, 'token' | 'tokenFile'>,
  env: Environment = process.env,
): AdminToken {
  if (settings.token !== undefined) return { text: settings.token, file: null, problem: null }
  const file = settings.tokenFile ?? join(secretHome(env), 'admin-token')
  try {
    return { text: readToken(file) ?? makeToken(file), file, problem: null }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    if (settings.tokenFile !== null)
      throw new BifrostError('SECRET_UNREADABLE', `admin.token_file: ${reason}`, { cause })
    return { text: null, file, problem: reason }
  }
}

/** Null if the file does not exist. Throws if its content or permissions are wrong. */
function readToken(file: string): string | null {
  let descriptor: number
  try {
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) throw new Error(`${file} is not a regular file`)
    if ((stats.mode & 0o077) !== 0) throw new Error(`${file} can be read by others; run chmod 600 ${file}`)
    const text = readFileSync(descriptor, 'utf8').trim()
    if (!form.test(text))
      throw new Error(
        `${file} contains no token of at least 16 visible ASCII characters; remove it, and a new one is created`,
      )
    return text
  } finally {
    closeSync(descriptor)
  }
}

/** Write to a temporary name first, so that no reader sees half a file; the first creator wins. */
function makeToken(file: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const text = randomBytes(32).toString('base64url')
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  writeFileSync(draft, `${text}\n`, { mode: 0o600, flag: 'wx' })
  try {
    linkSync(draft, file)
    return text
  } catch (error) {
    const made = (error as NodeJS.ErrnoException).code === 'EEXIST' ? readToken(file) : null
    if (made === null) throw error
    return made
  } finally {
    rmSync(draft, { force: true })
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/** Compares two secrets in constant time, independent of their lengths. */
export function isSame(given: string, secret: string): boolean {
  return timingSafeEqual(digest(given), digest(secret))
}

/** The bearer token of an Authorization field, or empty. */
export function bearerOf(field: string | undefined): string {
  return /^Bearer +(\S{1,4096})$/i.exec(field ?? '')?.[1] ?? ''
}
