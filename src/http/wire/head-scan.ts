/** The scan that request and response heads share: a first line, then fields (RFC 9112 2.1). */
import { type FieldScanner, fieldStep } from './field-scanner.ts'
import { type ScanState, type Verdict, verdict } from './section.ts'

/** A scanner of a head. Steps below `fieldStep` belong to its first line. */
export interface HeadScanner extends ScanState {
  readonly fields: FieldScanner
  /** Scans to the end of the first line or to `end`. */
  scanLine(bytes: Buffer, end: number): Verdict
}

/** See `SectionScanner.restore`. */
export function restoreHead(head: HeadScanner, state: ScanState): void {
  head.at = state.at
  head.step = state.step
  head.mark = state.mark
}

/** See `SectionScanner.scan`. */
export function scanHead(head: HeadScanner, bytes: Buffer, end: number): Verdict {
  const { fields } = head
  if (head.step < fieldStep) {
    const result = head.scanLine(bytes, end)
    if (result !== verdict.done) return result
    fields.start(head.at)
  } else fields.restore(head)
  const result = fields.scan(bytes, end)
  restoreHead(head, fields)
  return result
}
