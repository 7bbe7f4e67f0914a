/** Finds the parts of a request head in its bytes (RFC 9112 2.2, 3, 5). */
import { FieldScanner } from '../field-scanner.ts'
import { cr, isToken, lf, space } from '../fields.ts'
import { type HeadScanner, restoreHead, scanHead } from '../head-scan.ts'
import { type ScanState, type SectionScanner, type Verdict, verdict } from '../section.ts'

const step = Object.freeze({ emptyLine: 0, emptyLineLf: 1, method: 2, target: 3, version: 4 })

/** `HTTP/d.d` and CRLF, by place; 0 for a digit. */
const versionBytes = [0x48, 0x54, 0x54, 0x50, 0x2f, 0, 0x2e, 0, cr, lf]

/**
 * By byte: 1 for the characters of a target, which are all visible ones: some that RFC 3986 excludes are common, such
 * as `|`. Bytes above 127 are refused, because servers decode them differently.
 */
const isTarget = new Uint8Array(256).fill(1, 0x21, 0x7f)

/**
 * Hot path: looks at each byte once, and allocates nothing.
 *
 *   empty lines --> method --> target --> version --> fields
 */
export class RequestScanner implements SectionScanner, HeadScanner {
  at = 0
  step: number = step.emptyLine
  mark = 0
  readonly fields = new FieldScanner()
  /** Places of the parts; valid after a scan that was not continued. */
  methodAt = 0
  methodEnd = 0
  targetEnd = 0
  /** 10 or 11. */
  version = 0

  /** Length of the target, as far as it has been scanned. */
  get targetBytes(): number {
    if (this.step < step.target) return 0
    return this.step === step.target ? this.at - this.mark : this.targetEnd - this.methodEnd - 1
  }

  start(at: number): void {
    this.at = at
    this.step = step.emptyLine
    this.mark = at
  }

  restore(state: ScanState): void {
    restoreHead(this, state)
  }

  scan(bytes: Buffer, end: number): Verdict {
    return scanHead(this, bytes, end)
  }

  scanLine(bytes: Buffer, end: number): Verdict {
    let at = this.at
    for (; at < end; at += 1) {
      switch (this.step) {
        case step.emptyLine:
          if (bytes[at] === cr) this.step = step.emptyLineLf
          else if (isToken[bytes[at] as number] === 1) {
            this.methodAt = at
            this.step = step.method
          } else return verdict.bad
          break
        case step.emptyLineLf:
          if (bytes[at] !== lf) return verdict.bad
          this.step = step.emptyLine
          break
        case step.method:
          while (at < end && isToken[bytes[at] as number] === 1) at += 1
          if (at === end) break
          if (bytes[at] !== space) return verdict.bad
          this.methodEnd = at
          this.mark = at + 1
          this.step = step.target
          break
        case step.target:
          while (at < end && isTarget[bytes[at] as number] === 1) at += 1
          if (at === end) break
          if (bytes[at] !== space || at === this.mark) return verdict.bad
          this.targetEnd = at
          this.mark = at + 1
          this.step = step.version
          break
        default: {
          const byte = bytes[at] as number
          const expected = versionBytes[at - this.mark] as number
          if (expected === 0 ? byte < 0x30 || byte > 0x39 : byte !== expected) return verdict.bad
          if (byte === lf) return this.#endLine(bytes, at + 1)
        }
      }
    }
    this.at = end
    return verdict.more
  }

  #endLine(bytes: Buffer, at: number): Verdict {
    this.at = at
    this.version = ((bytes[at - 5] as number) - 0x30) * 10 + (bytes[at - 3] as number) - 0x30
    return this.version === 10 || this.version === 11 ? verdict.done : verdict.badVersion
  }
}

/** Whether a scan is past the empty lines before a request. */
export const isBegun = (state: Readonly<ScanState>): boolean => state.step > step.emptyLineLf
