import type { Validators } from './static-condition.ts'

/** A small file as it is sent, kept in memory. */
export interface HotFile {
  /** Which file, as which name, and how: see `Place` in static.ts. */
  readonly identity: string
  /** False for a file that changed a moment ago: it may change again without a new time, so it is read again. */
  readonly isSettled: boolean
  readonly entity: Validators
  /** Names and values in turn: of the 200, and what a 304 has of them. */
  readonly head: string[]
  readonly headOf304: string[]
  /** A string has one character per byte (latin1). */
  readonly body: Buffer | string
  readonly size: number
  /** When the disk was last asked, in milliseconds of the cache's owner's clock. */
  checkedAt: number
  /** A look at the disk that is under way; undefined as its result: the file is not kept any more. Never rejects. */
  renewal: Promise<HotFile | undefined> | undefined
}

export interface HotFilesBound {
  /** Of bodies, keys and an allowance for the rest of each entry. */
  readonly maxBytes: number
  readonly maxEntries: number
}

// Head, validators, the entry and its place in the map, measured with short names.
const bytesPerEntry = 1024

interface Slot {
  file: HotFile
  cost: number
  isUsed: boolean
}

/**
 * Bounded memory for hot files. When it is full the oldest goes, unless it was asked for since it was last in question
 * (the clock algorithm): a hit writes one flag, and a crawler does not push out what others keep asking for.
 */
export class HotFiles {
  readonly #slots = new Map<string, Slot>()
  readonly #bound: HotFilesBound
  #bytes = 0

  constructor(bound: HotFilesBound) {
    this.#bound = bound
  }

  /** What the entries cost, never over `maxBytes`. */
  get bytes(): number {
    return this.#bytes
  }

  get size(): number {
    return this.#slots.size
  }

  get(key: string): HotFile | undefined {
    const slot = this.#slots.get(key)
    if (slot === undefined) return undefined
    slot.isUsed = true
    return slot.file
  }

  /** Replaces what the key had. What is larger than the bound is not kept. */
  put(key: string, file: HotFile): void {
    this.drop(key)
    const cost = file.size + 2 * key.length + bytesPerEntry
    if (cost > this.#bound.maxBytes || this.#bound.maxEntries < 1) return
    while (this.#bytes + cost > this.#bound.maxBytes || this.#slots.size >= this.#bound.maxEntries) {
      this.#evictOne()
    }
    this.#slots.set(key, { file, cost, isUsed: false })
    this.#bytes += cost
  }

  drop(key: string): void {
    const slot = this.#slots.get(key)
    if (slot === undefined) return
    this.#slots.delete(key)
    this.#bytes -= slot.cost
  }

  clear(): void {
    this.#slots.clear()
    this.#bytes = 0
  }

  /** Ends within one round: whoever is spared has lost its flag. */
  #evictOne(): void {
    for (const [key, slot] of this.#slots) {
      this.#slots.delete(key)
      if (!slot.isUsed) {
        this.#bytes -= slot.cost
        return
      }
      slot.isUsed = false
      this.#slots.set(key, slot)
    }
  }
}
