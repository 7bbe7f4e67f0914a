/** Finds the parts of a response head in its bytes (RFC 9112 4, 5). */
import { FieldScanner } from '../field-scanner.ts'
import { cr, isText, lf, space } from '../fields.ts'
import { type HeadScanner, restoreHead, scanHead } from '../head-scan.ts'
import { type ScanState, type SectionScanner, type Verdict, verdict } from '../section.ts'

const step = Object.freeze({ version: 0, status: 1, statusEnd: 2, reason: 3, lineLf: 4 })

const protocol = Buffer.from('HTTP/1.')
const zero = 0x30

/**
 * Hot path: looks at each byte once, and allocates nothing. A missing reason phrase may lack the space before it, too:
 * many servers omit it, and RFC 9112 4 asks clients to ignore the phrase.
 */
export class ResponseScanner implements SectionScanner, HeadScanner {
  at = 0
  step: number = step.version
  mark = 0
  readonly fields = new FieldScanner()
  /** The parts; valid after a scan that was not continued. */
  from = 0
  /** 10 or 11. */
  version = 0
  status = 0
  reasonAt = 0
  reasonEnd = 0

  start(at: number): void {
    this.at = at
    this.step = step.version
    this.mark = at
    this.from = at
    this.status = 0
  }

  restore(state: ScanState): void {
    restoreHead(this, state)
  }

  scan(bytes: Buffer, end: number): Verdict {
    return scanHead(this, bytes, end)
  }

  /** `mark` is the start of version, status or reason. */
  scanLine(bytes: Buffer, end: number): Verdict {
    let at = this.at
    for (; at < end; at += 1) {
      const byte = bytes[at] as number
      switch (this.step) {
        case step.version:
          if (!this.#takeVersion(at - this.mark, byte)) return verdict.badVersion
          if (byte !== space) break
          this.mark = at + 1
          this.step = step.status
          break
        case step.status: {
          const place = at - this.mark
          // Three digits; servers do send codes above 599, and a proxy relays them (RFC 9110 15).
          if (byte < (place === 0 ? zero + 1 : zero) || byte > zero + 9) return verdict.bad
          this.status = this.status * 10 + byte - zero
          if (place === 2) this.step = step.statusEnd
          break
        }
        case step.statusEnd:
          this.reasonAt = at
          this.reasonEnd = at
          if (byte === space) {
            this.reasonAt = at + 1
            this.step = step.reason
          } else if (byte === cr) this.step = step.lineLf
          else return verdict.bad
          break
        case step.reason:
          while (at < end && isText[bytes[at] as number] === 1) at += 1
          if (at === end) break
          if (bytes[at] !== cr) return verdict.bad
          this.reasonEnd = at
          this.step = step.lineLf
          break
        default:
          this.at = at + 1
          return byte === lf ? verdict.done : verdict.bad
      }
    }
    this.at = end
    return verdict.more
  }

  /** Takes a byte of `HTTP/1.0 ` or `HTTP/1.1 `. */
  #takeVersion(place: number, byte: number): boolean {
    if (place < protocol.length) return byte === protocol[place]
    if (place > protocol.length) return byte === space
    this.version = 10 + byte - zero
    return byte === zero || byte === zero + 1
  }
}
