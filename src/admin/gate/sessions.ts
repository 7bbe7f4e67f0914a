/**
 * Cookie sessions for reading: a browser's EventSource cannot send the Authorization header. A session lasts
 * some hours and cannot change anything.
 */
import { createHash, randomBytes } from 'node:crypto'

const name = '__Host-bifrost'
const lifeMs = 12 * 3_600_000
const maxSessions = 64

const digest = (text: string) => createHash('sha256').update(text).digest('base64')

export class Sessions {
  /** Expiry times by session digest, oldest first. A digest cannot open a session. */
  readonly #ends = new Map<string, number>()
  readonly #now: () => number

  constructor(now: () => number = Date.now) {
    this.#now = now
  }

  /**
   * The Set-Cookie value of a new session. TLS only: over plain HTTP, another port of this host could set or
   * read the cookie.
   */
  open(): string {
    const secret = randomBytes(32).toString('base64url')
    this.#ends.set(digest(secret), this.#now() + lifeMs)
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= maxSessions) break
      this.#ends.delete(oldest)
    }
    return `${name}=${secret}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=${lifeMs / 1000}`
  }

  isOpen(cookie: string | undefined): boolean {
    const secret = new RegExp(`(?:^|;\\s*)${name}=([\\w-]{43})(?:;|$)`).exec(cookie ?? '')?.[1]
    if (secret === undefined) return false
    const key = digest(secret)
    const end = this.#ends.get(key)
    if (end === undefined) return false
    if (end > this.#now()) return true
    this.#ends.delete(key)
    return false
  }
}
