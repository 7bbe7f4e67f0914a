/**
 * Finds the user of a request by its Basic credentials.
 *
 *   field -> Basic? --no--> missing
 *     | yes
 *   remembered? --yes--> user | wrong
 *     | no
 *   room in the queue? --no--> busy
 *     | yes
 *   compared, remembered -> user | wrong
 */

import type { AuthSettings } from '../../../config/settings/settings.ts'
import { nodeCrypto, randomBytes } from '../../../http/builtin.ts'
import { basicToken, readCredentials } from './basic.ts'
import { BcryptThread } from './bcrypt.ts'
import { Remembered, TaskQueue } from './bounds.ts'
import { createVerifier, type Verifier } from './secret.ts'

export type AuthResult = { readonly user: string } | 'missing' | 'wrong' | 'busy'

/** How long wrong credentials are remembered. */
const wrongMs = 5_000
const maxWrong = 4_096

const queueLimits = { running: 2, all: 128, perClient: 8 } as const

export interface AuthDeps {
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number
  readonly verifierOf?: typeof createVerifier
}

export class Authenticator {
  readonly #users: ReadonlyMap<string, Verifier>
  readonly #costliest: Verifier
  readonly #cacheMs: number
  readonly #now: () => number
  readonly #bcrypt = new BcryptThread()
  readonly #queue = new TaskQueue(queueLimits)
  /**
   * Key of the HMAC under which credentials are remembered, so that neither they nor a hash open to guesses
   * is stored.
   */
  readonly #key = randomBytes(32)
  readonly #right: Remembered<AuthResult>
  readonly #wrong = new Remembered<AuthResult>(maxWrong)
  readonly #running = new Map<string, Promise<AuthResult>>()

  constructor({ users, cacheMs }: AuthSettings, deps: AuthDeps = {}) {
    const { now = () => performance.now(), verifierOf = createVerifier } = deps
    this.#now = now
    this.#cacheMs = cacheMs
    const verifiers = users.map(({ name, password }) => [name, verifierOf(password, this.#bcrypt)] as const)
    this.#users = new Map(verifiers)
    this.#costliest = verifiers
      .map(([, verifier]) => verifier)
      .reduce((one, other) => (other.cost > one.cost ? other : one))
    // A user's credentials have one form, apart from padding, so more than one entry per user is never needed
    // for long.
    this.#right = new Remembered(2 * users.length)
  }

  /**
   * Comparisons are rationed by `client`. A remembered result costs one HMAC and is returned synchronously.
   */
  check(field: string | undefined, client: string): AuthResult | Promise<AuthResult> {
    const token = field === undefined ? null : basicToken(field)
    if (token === null) return 'missing'
    const key = nodeCrypto().createHmac('sha256', this.#key).update(token).digest('base64')
    const now = this.#now()
    const known = this.#right.get(key, now) ?? this.#wrong.get(key, now)
    if (known !== undefined) return known
    const running = this.#running.get(key)
    if (running !== undefined) return running
    const credentials = readCredentials(token)
    if (credentials === null) return 'wrong'
    const { user, password } = credentials
    const started = this.#queue.run(client, () => this.#compare(user, password))
    if (started === null) return 'busy'
    const result = started
      .then((isRight) => this.#remember(key, isRight ? { user } : 'wrong'))
      .finally(() => this.#running.delete(key))
    this.#running.set(key, result)
    return result
  }

  close(): void {
    this.#bcrypt.close()
  }

  /**
   * Takes as long as the costliest comparison unless the password is right, so that timing reveals neither
   * user names nor hash types.
   */
  async #compare(user: string, password: string): Promise<boolean> {
    const verifier = this.#users.get(user)
    const isRight = (await (verifier ?? this.#costliest).verify(password)) && verifier !== undefined
    if (!isRight && verifier !== undefined && verifier.cost < this.#costliest.cost) {
      await this.#costliest.verify(password)
    }
    return isRight
  }

  #remember(key: string, result: AuthResult): AuthResult {
    const now = this.#now()
    if (result === 'wrong') this.#wrong.set(key, result, now + Math.min(wrongMs, this.#cacheMs))
    else this.#right.set(key, result, now + this.#cacheMs)
    return result
  }
}
