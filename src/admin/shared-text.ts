import type { ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'

const compress = promisify(gzip)

/** A shorter text is made for each who asks: that takes no longer than to answer. Bytes. */
const sharedBytes = 262_144

/** What is made again and again takes main a fifth of its time at most. */
const restPerCost = 4

/** Nobody is told anything older. */
const maxAgeMs = 1_000

/** Of all texts that somebody still reads, or may still be given. */
const maxHeldBytes = 268_435_456

/** A text as it was at one moment, for all who ask at about that moment. */
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

  /** Compressed once. */
  gzipped(): Promise<Buffer> {
    this.#gzipped ??= compress(this.bytes, { level: constants.Z_BEST_SPEED })
    return this.#gzipped
  }

  /** `res` has it until it closes. */
  readBy(res: ServerResponse): void {
    this.#readers.add(res)
    res.once('close', () => this.#readers.delete(res))
  }

  /** Takes it away from those who have not read all of it yet. */
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
 * Long texts that many may ask for at once, and often: each is made once and shared for four times as long as all of them took to be made,
 * a second at most. Those who read so slowly that newer ones fill the memory of all are cut off.
 */
export class SharedTexts {
  readonly #make: (key: string) => Buffer
  readonly #now: () => number
  readonly #maxHeldBytes: number
  /** The oldest first. */
  #held: Held[] = []

  /** `now`: milliseconds of a steady clock. */
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

  /** Lets go of what nobody reads, and nobody is given any more. */
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
