/** A bounded queue, first in, first out: beyond `max` a new item displaces the oldest. */
export class Fifo<T> {
  #items: T[] = []
  #head = 0
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  get length(): number {
    return this.#items.length - this.#head
  }

  /** Returns the displaced item, if any. */
  push(item: T): T | undefined {
    this.#items.push(item)
    return this.length > this.#max ? this.shift() : undefined
  }

  shift(): T | undefined {
    if (this.length === 0) return undefined
    const item = this.#items[this.#head]
    this.#head += 1
    // Now and then, so that a shift costs nothing that grows with the length.
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  first(): T | undefined {
    return this.#items[this.#head]
  }

  last(): T | undefined {
    return this.length === 0 ? undefined : this.#items[this.#items.length - 1]
  }

  at(index: number): T | undefined {
    return this.#items[this.#head + index]
  }

  items(from = 0): readonly T[] {
    return this.#items.slice(this.#head + from)
  }
}
