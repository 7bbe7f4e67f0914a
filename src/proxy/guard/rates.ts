/**
 * Rate limits of a service: which rules apply to a request, by which key, and the response fields about them.
 */

import type { RateRule, RateSettings } from '../../config/settings/settings.ts'
import { readIpAddress } from '../../http/address/address.ts'
import { nodeCrypto } from '../../http/builtin.ts'
import { type RequestFields, requestField } from '../../telemetry/request-field.ts'
import { isLimited, type RatePath, readRatePath } from './rate-path.ts'
import { type BucketKey, type Grant, TokenBuckets } from './token-buckets.ts'

/** The parts of a request that rate limits use. */
export interface RateSubject {
  readonly client: string
  readonly user: string | null
  readonly method: string
  /** As received, without authority; null for CONNECT, which has no path. */
  readonly path: string | null
}

export interface RateVerdict {
  readonly isGranted: boolean
  /** Ids of the rules without a token left. */
  readonly refusedBy?: readonly string[]
  /**
   * Response fields, flat: RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers), and
   * Retry-After.
   */
  readonly fields: readonly string[]
}

interface Rule {
  readonly settings: RateRule
  readonly buckets: TokenBuckets
  /** The rule's item of RateLimit-Policy. */
  readonly policy: string
}

const granted: RateVerdict = { isGranted: true, fields: [] }

/** Longer values are keyed by their hash. */
const maxKeyLength = 128

export class Rates {
  readonly #rules: readonly Rule[]
  readonly #announces: boolean
  readonly #hasPaths: boolean

  constructor({ rules, maxKeys, announces }: RateSettings) {
    this.#rules = rules.map((settings) => ({
      settings,
      buckets: new TokenBuckets({
        tokensPerMs: settings.limit / settings.windowMs,
        burst: settings.burst,
        maxKeys,
      }),
      policy: `"${settings.id}";q=${settings.quota};w=${Math.ceil(settings.windowMs / 1000)}`,
    }))
    this.#announces = announces
    this.#hasPaths = rules.some(({ pathPrefix }) => pathPrefix !== null)
  }

  /** Takes a token for each rule that applies, or no token at all if one of them has none left. */
  ask(subject: RateSubject, fields: RequestFields, now: number): RateVerdict {
    const path = this.#hasPaths ? readRatePath(subject.path) : null
    const client = clientKey(subject.client)
    const matching = this.#rules.filter(({ settings }) => ruleApplies(settings, subject.method, path))
    const keys = matching.map(({ settings }) => keyOf(settings, client, subject.user, fields))
    const looks = matching.map(({ buckets }, at) => buckets.look(keys[at] as BucketKey, now))
    const waitMs = Math.max(0, ...looks.map((look) => (look.isGranted ? 0 : look.waitMs)))
    if (waitMs > 0) {
      const retryAfter = ['Retry-After', String(Math.ceil(waitMs / 1000))]
      const refusedBy = matching.filter((_, at) => !looks[at]?.isGranted).map(({ settings }) => settings.id)
      return { isGranted: false, refusedBy, fields: [...retryAfter, ...announced(matching, looks)] }
    }
    const grants = matching.map(({ buckets }, at) => buckets.take(keys[at] as BucketKey, now))
    if (!this.#announces || matching.length === 0) return granted
    return { isGranted: true, fields: announced(matching, grants) }
  }
}

/** Rules name methods in upper case. Some servers accept `post` as POST, and HTTP/2 clients may send it. */
export function ruleApplies({ methods, pathPrefix }: RateRule, method: string, path: RatePath): boolean {
  if (methods !== null && !methods.includes(method.toUpperCase())) return false
  return pathPrefix === null || isLimited(pathPrefix, path)
}

/** A request without the rule's key counts by its client, so omitting the key does not evade the rule. */
function keyOf(
  { key, header }: RateRule,
  client: BucketKey,
  user: string | null,
  fields: RequestFields,
): BucketKey {
  if (key === 'user' && user !== null) return short(`u${user}`)
  if (key === 'header' && header !== null) {
    const value = requestField(fields, header)
    if (value !== undefined) return short(`h${value}`)
  }
  return client
}

/** An IPv4 address, or the /64 of an IPv6 address, which is the size of one subscriber's network. */
function clientKey(address: string): BucketKey {
  const bits = readIpAddress(address)
  if (bits === null) return short(`a${address}`)
  return typeof bits === 'number' ? bits : `c${bits.slice(0, 4)}`
}

const short = (key: string): string =>
  key.length > maxKeyLength ? `s${nodeCrypto().hash('sha256', key, 'base64')}` : key

function announced(rules: readonly Rule[], grants: readonly Grant[]): readonly string[] {
  const items = rules.map(({ settings }, at) => {
    const { isGranted, remaining, waitMs, fullMs } = grants[at] as Grant
    return `"${settings.id}";r=${remaining};t=${Math.ceil((isGranted ? fullMs : waitMs) / 1000)}`
  })
  return ['RateLimit-Policy', rules.map(({ policy }) => policy).join(', '), 'RateLimit', items.join(', ')]
}
