/**
 * Finds the fields of a section in its bytes (RFC 9112 5), strictly: CRLF only, no folding, no blank before the
 * colon, no control characters.
 */
import { colon, cr, isBlank, isText, isToken, lf } from './fields.ts'
import { type ScanState, type SectionScanner, type Verdict, verdict } from './section.ts'

/** Steps; lower numbers are those of a first line. */
export const fieldStep = 16
const step = Object.freeze({ name: fieldStep, value: 17, valueLf: 18, lastLf: 19 })

/** Hot path: looks at each byte once, and allocates nothing until `cut`. */
export class FieldScanner implements SectionScanner {
  at = 0
  step: number = step.name
  mark = 0
  /** Start of the section. */
  from = 0
  /** Number of fields found. */
  count = 0
  /** For each of the first `#maxCount` fields: start and end of its name and of its value, without blanks. */
  #places = new Int32Array(4 * 101)
  #maxCount = 0

  /** Keeps the places of `maxCount` fields, and only checks those that follow. */
  limit(maxCount: number): this {
    if (this.#places.length < 4 * maxCount) this.#places = new Int32Array(4 * maxCount)
    this.#maxCount = maxCount
    return this
  }

  start(at: number): void {
    this.at = at
    this.step = step.name
    this.mark = at
    this.from = at
    this.count = 0
  }

  restore(state: ScanState): void {
    this.at = state.at
    this.step = state.step
    this.mark = state.mark
    this.count = 0
  }

  scan(bytes: Buffer, end: number): Verdict {
    let { at, mark, step: current } = this
    for (;;) {
      if (current === step.name) {
        while (at < end && isToken[bytes[at] as number] === 1) at += 1
        if (at === end) break
        if (bytes[at] === colon && at > mark) {
          this.#keepName(mark, at)
          current = step.value
          mark = at + 1
        } else if (bytes[at] === cr && at === mark) current = step.lastLf
        else return verdict.bad
        at += 1
      }
      if (current === step.value) {
        while (at < end && isText[bytes[at] as number] === 1) at += 1
        if (at === end) break
        if (bytes[at] !== cr) return verdict.bad
        this.#keepValue(bytes, mark, at)
        current = step.valueLf
        at += 1
      }
      if (at === end) break
      if (bytes[at] !== lf) return verdict.bad
      at += 1
      if (current === step.lastLf) {
        this.at = at
        return verdict.done
      }
      current = step.name
      mark = at
    }
    this.at = at
    this.mark = mark
    this.step = current
    return verdict.more
  }

  /** Returns the names and values, flat, cut from the text of the section, which begins at `from`. */
  cut(text: string, from: number): string[] {
    const places = this.#places
    const length = 2 * Math.min(this.count, this.#maxCount)
    const fields = new Array<string>(length)
    for (let at = 0; at < length; at += 1) {
      fields[at] = text.slice((places[2 * at] as number) - from, (places[2 * at + 1] as number) - from)
    }
    return fields
  }

  #keepName(at: number, end: number): void {
    if (this.count >= this.#maxCount) return
    this.#places[this.count * 4] = at
    this.#places[this.count * 4 + 1] = end
  }

  #keepValue(bytes: Buffer, from: number, to: number): void {
    this.count += 1
    if (this.count > this.#maxCount) return
    let at = from
    let end = to
    while (at < end && isBlank(bytes[at] as number)) at += 1
    while (end > at && isBlank(bytes[end - 1] as number)) end -= 1
    this.#places[this.count * 4 - 2] = at
    this.#places[this.count * 4 - 1] = end
  }
}
