/** The memory-bounded cache of hot files. */
import type { PreparedFields, PreparedResponse } from '../../http/message/prepared.ts'
import type { Validators } from './condition.ts'

/** A small file, kept in memory in the form in which it is sent. */
export interface HotFile {
  /** Identifies file, name and response form; see `Place` in static.ts. */
  readonly identity: string
  /**
   * False for a recently changed file: a further change could leave its time stamp equal, so it is read
   * again.
   */
  readonly isSettled: boolean
  readonly entity: Validators
  /** The 200 response, and the fields of a 304. */
  readonly response: PreparedResponse
  readonly headOf304: PreparedFields
  readonly size: number
  /** Time of the last look at the disk, in milliseconds of the owner's clock. */
  checkedAt: number
  /** The look at the disk in progress. Resolves to undefined if the file left the cache. Never rejects. */
  renewal: Promise<HotFile | undefined> | undefined
}

export interface HotFilesBound {
  /** Bound for bodies, keys and a fixed allowance per entry. */
  readonly maxBytes: number
  readonly maxEntries: number
}

// Allowance for head, validators, entry object and map slot, measured with short names.
const bytesPerEntry = 1024

interface Slot {
  file: HotFile
  cost: number
  isUsed: boolean
}

/**
 * Memory-bounded cache of hot files with clock eviction: when it is full, it evicts the oldest entry without
 * a hit since the last round. A hit only sets a flag, and a crawler cannot evict files that others keep
 * requesting.
 */
export class HotFiles {
  readonly #slots = new Map<string, Slot>()
  readonly #bound: HotFilesBound
  #bytes = 0

  constructor(bound: HotFilesBound) {
    this.#bound = bound
  }

  /** Current cost of the entries; never above `maxBytes`. */
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

  /** Replaces the entry of the key. An entry larger than the bound is not kept. */
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

  /** Ends within one round, because every skipped entry loses its flag. */
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
