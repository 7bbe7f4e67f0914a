/**
 * Authorises admin requests: reading is open if only this machine can connect; everything else needs the
 * token.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { type Answer, json } from '../answer.ts'
import { Buckets } from './buckets.ts'
import { Sessions } from './sessions.ts'
import { type AdminToken, bearerOf, isSame } from './token.ts'

export interface AccessOptions {
  readonly token: AdminToken
  /** True if only this machine can connect. */
  readonly isLocal: boolean
}

/** Bounds wrong tokens per peer and in total, so that no client can guess a token at network speed. */
const guesses = { perSecond: 0.5, burst: 5, allPerSecond: 2, allBurst: 20 }
/** Allows for a page that loads two dozen charts at once. */
const requests = { perSecond: 50, burst: 200, allPerSecond: 200, allBurst: 600 }
/** One page load takes about 60 cheap files, so a few reloads in a row must pass. */
const files = { perSecond: 200, burst: 1_200, allPerSecond: 600, allBurst: 3_600 }

const tooMany = (seconds: number): Answer =>
  json(429, { error: 'too many requests' }, { 'Retry-After': String(seconds) })

export class Access {
  readonly #options: AccessOptions
  readonly #requests = new Buckets(requests)
  readonly #files = new Buckets(files)
  readonly #guesses = new Buckets(guesses)
  readonly #sessions = new Sessions()

  constructor(options: AccessOptions) {
    this.#options = options
  }

  /** Returns an answer if the peer exceeds its request rate. */
  meter(peer: string, path: string): Answer | null {
    const isFile = path === '/' || path.startsWith('/page/')
    const wait = (isFile ? this.#files : this.#requests).take(peer)
    return wait === 0 ? null : tooMany(wait)
  }

  /** True if the request carries the token; an answer if it carries a wrong one. */
  check(peer: string, { authorization }: IncomingHttpHeaders): boolean | Answer {
    if (authorization === undefined) return false
    const { text } = this.#options.token
    if (text !== null && isSame(bearerOf(authorization), text)) return true
    const wait = this.#guesses.take(peer)
    return wait === 0 ? this.#missing('the admin token is wrong') : tooMany(wait)
  }

  /** Null if the request may read. */
  mayRead(isTrusted: boolean, { cookie }: IncomingHttpHeaders): Answer | null {
    if (this.#options.isLocal || isTrusted || this.#sessions.isOpen(cookie)) return null
    return this.#missing('reading requires the admin token')
  }

  /** Null if the request may change something. */
  mayAct(isTrusted: boolean): Answer | null {
    if (isTrusted) return null
    const { text, problem } = this.#options.token
    return text === null
      ? json(403, { error: `there is no admin token: ${problem}; set admin.token or admin.token_file` })
      : this.#missing('this operation requires the admin token')
  }

  /** Null if reading needs no session. */
  openSession(): string | null {
    return this.#options.isLocal ? null : this.#sessions.open()
  }

  #missing(what: string): Answer {
    const { file } = this.#options.token
    const where = file === null ? 'admin.token of the configuration' : 'the content of admin.token_file'
    return json(
      401,
      { error: `${what}; send "Authorization: Bearer TOKEN" with ${where}` },
      { 'WWW-Authenticate': 'Bearer' },
    )
  }
}
