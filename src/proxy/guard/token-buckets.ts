/**
 * Token buckets, one per key. Pure: time is a parameter, and nothing happens between calls.
 *
 * A bucket is stored as one number, the time at which it will be full again (the generic cell rate
 * algorithm). A full bucket is the same as a missing one, so it can be forgotten for free. No other bucket is
 * ever forgotten: a client cannot regain tokens by sending many keys. If there is no room, new keys share a
 * fixed number of buckets by a seeded hash that clients cannot predict.
 */
import { nodeCrypto } from '../../http/builtin.ts'

export type BucketKey = number | string

export interface BucketSettings {
  readonly tokensPerMs: number
  /** Tokens of a full bucket, at least 1. */
  readonly burst: number
  readonly maxKeys: number
}

export interface Grant {
  readonly isGranted: boolean
  /** Whole tokens left. */
  readonly remaining: number
  /** Time until the next token; 0 if there is one now. */
  readonly waitMs: number
  /** Until the bucket is full. */
  readonly fullMs: number
}

/** Number of shared buckets. A new key shares its bucket with about a thousandth of the others. */
const sharedBuckets = 1024
/** Entries examined per new key: more than one, so that full buckets leave faster than keys arrive. */
const sweepSteps = 4

export class TokenBuckets {
  readonly #settings: BucketSettings
  readonly #perToken: number
  readonly #fullAt = new Map<BucketKey, number>()
  readonly #shared = new Float64Array(sharedBuckets)
  readonly #seed = nodeCrypto().randomInt(0x7fffffff)
  #sweep: MapIterator<[BucketKey, number]>
  #isSharing = false

  constructor(settings: BucketSettings) {
    this.#settings = settings
    this.#perToken = 1 / settings.tokensPerMs
    this.#sweep = this.#fullAt.entries()
  }

  /** Number of keys with their own bucket. */
  get size(): number {
    return this.#fullAt.size
  }

  /** Whether a token is available; takes none. */
  look(key: BucketKey, now: number): Grant {
    return this.#grantAt(this.#read(key, now), now)
  }

  /** Takes a token; call it only if `look` granted one at the same `now`. */
  take(key: BucketKey, now: number): Grant {
    const fullAt = this.#read(key, now) + this.#perToken
    this.#write(key, fullAt, now)
    return this.#grantAt(fullAt, now)
  }

  #grantAt(fullAt: number, now: number): Grant {
    const { tokensPerMs, burst } = this.#settings
    // Round to a billionth of a token and to microseconds, because times are sums of fractions.
    const tokens = Math.round((burst - (fullAt - now) * tokensPerMs) * 1e9) / 1e9
    const isGranted = tokens >= 1
    return {
      isGranted,
      remaining: Math.max(0, Math.floor(tokens)),
      waitMs: isGranted ? 0 : inMicroseconds((1 - tokens) * this.#perToken),
      fullMs: inMicroseconds(fullAt - now),
    }
  }

  #read(key: BucketKey, now: number): number {
    const own = this.#fullAt.get(key)
    if (own !== undefined) return Math.max(own, now)
    return this.#isSharing ? Math.max(this.#shared[this.#slotOf(key)] as number, now) : now
  }

  #write(key: BucketKey, fullAt: number, now: number): void {
    if (this.#fullAt.has(key)) this.#fullAt.set(key, fullAt)
    else if (this.#hasRoom(now)) this.#fullAt.set(key, fullAt)
    else {
      this.#isSharing = true
      this.#shared[this.#slotOf(key)] = fullAt
    }
  }

  /** Examines the next few entries, round robin, and forgets full buckets. */
  #hasRoom(now: number): boolean {
    for (let step = 0; step < sweepSteps; step += 1) {
      const next = this.#sweep.next()
      if (next.done) {
        this.#sweep = this.#fullAt.entries()
        break
      }
      const [key, fullAt] = next.value
      if (fullAt <= now) this.#fullAt.delete(key)
    }
    return this.#fullAt.size < this.#settings.maxKeys
  }

  /** Seeded FNV-1a. */
  #slotOf(key: BucketKey): number {
    const text = String(key)
    let hash = this.#seed
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    return (hash ^ (hash >>> 15)) & (sharedBuckets - 1)
  }
}

const inMicroseconds = (ms: number): number => Math.round(ms * 1e3) / 1e3
