/**
 * Standard error of a process as log lines. Length and rate are bounded, so that neither a chatty module nor
 * the dump of an aborting V8 fills the log.
 */
const maxChars = 400
const maxLines = 10
const windowMs = 10_000

export class StderrLines {
  /** The beginning of a line whose end has not come yet. */
  #open = ''
  #windowEnds = Number.NEGATIVE_INFINITY
  #passed = 0
  #leftOut = 0

  /** Lines to pass on now; `now` in milliseconds of a steady clock. */
  push(text: string, now: number): readonly string[] {
    const pieces = (this.#open + text).split('\n')
    this.#open = (pieces.pop() ?? '').slice(0, maxChars + 1)
    const passed: string[] = []
    if (now >= this.#windowEnds) {
      passed.push(...this.#tellLeftOut())
      this.#windowEnds = now + windowMs
      this.#passed = 0
    }
    for (const piece of pieces) this.#take(piece, passed)
    return passed
  }

  /** The rest, when it has ended. */
  end(): readonly string[] {
    const passed: string[] = []
    this.#take(this.#open, passed)
    this.#open = ''
    return [...passed, ...this.#tellLeftOut()]
  }

  #take(piece: string, passed: string[]): void {
    const line = piece.trimEnd()
    if (line === '') return
    if (this.#passed >= maxLines) {
      this.#leftOut += 1
      return
    }
    this.#passed += 1
    passed.push(line.length > maxChars ? `${line.slice(0, maxChars)}...` : line)
  }

  #tellLeftOut(): readonly string[] {
    const count = this.#leftOut
    this.#leftOut = 0
    return count === 0 ? [] : [`(${count} more ${count === 1 ? 'line' : 'lines'} left out)`]
  }
}
