/** Long texts made once for all clients that request them at the same time. */
import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'

const compress = promisify(gzip)

/** Texts shorter than this many bytes are made per request, because that costs no more than answering. */
const sharedBytes = 262_144

/** Making texts repeatedly takes at most a fifth of main's time. */
const restPerCost = 4

/** Maximum age of a shared text. */
const maxAgeMs = 1_000

/** Bound for all texts that are still being read or may still be served. */
const maxHeldBytes = 268_435_456

/** A text at one moment, shared by all concurrent readers. */
export class SharedText {
  readonly bytes: Buffer
  readonly #readers = new Set<ServerResponse>()
  #gzipped: Promise<Buffer> | null = null

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  get isRead(): boolean {
    return this.#readers.size > 0
  }

  /** Compresses once. */
  gzipped(): Promise<Buffer> {
    this.#gzipped ??= compress(this.bytes, { level: constants.Z_BEST_SPEED })
    return this.#gzipped
  }

  /** Registers a reader until its response closes. */
  readBy(res: ServerResponse): void {
    this.#readers.add(res)
    res.once('close', () => this.#readers.delete(res))
  }

  /** Disconnects the readers that have not finished. */
  cut(): void {
    for (const res of this.#readers) res.destroy()
  }
}

interface Held {
  readonly key: string
  readonly text: SharedText
  readonly costMs: number
  readonly freshUntil: number
}

/**
 * Shares long texts that many clients request at once. Each text is made once and served for four times its
 * cost, at most a second. Readers so slow that newer texts fill the memory bound are disconnected.
 */
export class SharedTexts {
  readonly #make: (key: string) => Buffer
  readonly #now: () => number
  readonly #maxHeldBytes: number
  /** Oldest first. */
  #held: Held[] = []

  /** `now` is a monotonic clock in milliseconds. */
  constructor(options: {
    readonly make: (key: string) => Buffer
    readonly now: () => number
    readonly maxHeldBytes?: number
  }) {
    this.#make = options.make
    this.#now = options.now
    this.#maxHeldBytes = options.maxHeldBytes ?? maxHeldBytes
  }

  of(key: string): SharedText {
    const before = this.#now()
    this.forget()
    const held = this.#held.find((one) => one.key === key && before < one.freshUntil)
    if (held !== undefined) return held.text
    const text = new SharedText(this.#make(key))
    if (text.bytes.length < sharedBytes) return text
    const now = this.#now()
    const costMs = now - before
    const fresh = this.#held.filter(({ freshUntil }) => before < freshUntil)
    const allMs = fresh.reduce((sum, one) => sum + one.costMs, costMs)
    this.#held.push({ key, text, costMs, freshUntil: now + Math.min(maxAgeMs, restPerCost * allMs) })
    this.#bound()
    return text
  }

  /** Drops texts that have no reader and are too old to serve. */
  forget(): void {
    const now = this.#now()
    this.#held = this.#held.filter(({ text, freshUntil }) => now < freshUntil || text.isRead)
  }

  #bound(): void {
    let bytes = this.#held.reduce((sum, { text }) => sum + text.bytes.length, 0)
    while (bytes > this.#maxHeldBytes && this.#held.length > 1) {
      const oldest = this.#held.shift()
      oldest?.text.cut()
      bytes -= oldest?.text.bytes.length ?? 0
    }
  }
}
