/** Cache validators and conditional requests (RFC 9110 sections 8.8 and 13). */
import { listsTag } from '../../http/fields/entity-tag.ts'
import { type RequestFields, requestField } from '../../telemetry/request-field.ts'
import { formatHttpDate, parseHttpDate } from './http-date.ts'

/** Cache validators of a file (RFC 9110 section 8.8). */
export interface Validators {
  readonly etag: string
  readonly lastModified: string
  /** The same time in milliseconds, rounded to whole seconds. */
  readonly lastModifiedMs: number
}

/**
 * Makes a strong tag from the size and the modification time in microseconds, Node's precision. A date in the
 * future is not sent, because it would hide every later change (RFC 9110 section 8.8.2.1).
 */
export function validatorsOf(
  file: { readonly size: number; readonly modifiedMs: number },
  nowMs: number,
): Validators {
  const lastModifiedMs = Math.floor(Math.min(file.modifiedMs, nowMs) / 1000) * 1000
  return {
    etag: `"${file.size.toString(36)}-${Math.round(file.modifiedMs * 1000).toString(36)}"`,
    lastModified: formatHttpDate(lastModifiedMs),
    lastModifiedMs,
  }
}

type Verdict = 'SEND' | 'NOT_MODIFIED' | 'PRECONDITION_FAILED'

/** Evaluates the conditions of a GET or HEAD in the order of RFC 9110 section 13.2.2. */
export function evaluateConditions(fields: RequestFields, entity: Validators): Verdict {
  const ifMatch = requestField(fields, 'if-match')
  if (ifMatch !== undefined) {
    if (!listsTag(ifMatch, entity.etag, 'strong')) return 'PRECONDITION_FAILED'
  } else {
    const since = parseHttpDate(requestField(fields, 'if-unmodified-since') ?? '')
    if (since !== undefined && entity.lastModifiedMs > since) return 'PRECONDITION_FAILED'
  }
  const ifNoneMatch = requestField(fields, 'if-none-match')
  if (ifNoneMatch !== undefined) return listsTag(ifNoneMatch, entity.etag, 'weak') ? 'NOT_MODIFIED' : 'SEND'
  const since = parseHttpDate(requestField(fields, 'if-modified-since') ?? '')
  return since !== undefined && entity.lastModifiedMs <= since ? 'NOT_MODIFIED' : 'SEND'
}

/**
 * Decides whether `Range` still refers to the version the client has a part of (RFC 9110 section 13.1.5). A
 * date only counts if the file has not changed for a second, because a change within that second would be
 * invisible.
 */
export function isRangeCurrent(ifRange: string | undefined, entity: Validators, nowMs: number): boolean {
  if (ifRange === undefined) return true
  if (ifRange.includes('"')) return ifRange.trim() === entity.etag
  return parseHttpDate(ifRange) === entity.lastModifiedMs && nowMs - entity.lastModifiedMs >= 2000
}
