/** Token buckets per key and for all keys together, with a bounded number of keys. */
export interface BucketOptions {
  readonly perSecond: number
  readonly burst: number
  /** Rate for all keys together. */
  readonly allPerSecond: number
  readonly allBurst: number
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number
  readonly maxKeys?: number
}

interface Bucket {
  left: number
  at: number
}

export class Buckets {
  readonly #options: Required<BucketOptions>
  /** Ordered by last use. */
  readonly #buckets = new Map<string, Bucket>()
  readonly #all: Bucket

  constructor(options: BucketOptions) {
    this.#options = { now: () => performance.now(), maxKeys: 1_000, ...options }
    this.#all = { left: options.allBurst, at: this.#options.now() }
  }

  /** Takes a token; returns 0, or the seconds until a retry can succeed. */
  take(key: string): number {
    const { perSecond, burst, allPerSecond, allBurst, maxKeys, now } = this.#options
    const at = now()
    const known = this.#buckets.get(key) ?? { left: burst, at }
    this.#buckets.delete(key)
    this.#buckets.set(key, known)
    if (this.#buckets.size > maxKeys) {
      const [oldest = ''] = this.#buckets.keys()
      this.#buckets.delete(oldest)
    }
    fill(known, at, perSecond, burst)
    fill(this.#all, at, allPerSecond, allBurst)
    const wait = Math.max((1 - known.left) / perSecond, (1 - this.#all.left) / allPerSecond)
    if (wait > 0) return Math.ceil(wait)
    known.left -= 1
    this.#all.left -= 1
    return 0
  }

  get size(): number {
    return this.#buckets.size
  }
}

function fill(bucket: Bucket, at: number, perSecond: number, burst: number): void {
  bucket.left = Math.min(burst, bucket.left + ((at - bucket.at) / 1000) * perSecond)
  bucket.at = at
}
