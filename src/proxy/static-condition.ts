import type { IncomingHttpHeaders } from 'node:http'
import { listsTag } from '../http/entity-tag.ts'
import { formatHttpDate, parseHttpDate } from './http-date.ts'

/** What a file looks like to a cache (RFC 9110 section 8.8). */
export interface Validators {
  readonly etag: string
  readonly lastModified: string
  /** The same as a number, whole seconds. */
  readonly lastModifiedMs: number
}

/**
 * The tag is strong: size and a modification time in microseconds, as precise as Node tells it. A date in the future
 * would make every later change invisible, so it is not told (RFC 9110 section 8.8.2.1).
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

export type Verdict = 'SEND' | 'NOT_MODIFIED' | 'PRECONDITION_FAILED'

/** The conditions of a GET or HEAD, in the order of RFC 9110 section 13.2.2. */
export function evaluateConditions(headers: IncomingHttpHeaders, entity: Validators): Verdict {
  const ifMatch = headers['if-match']
  if (ifMatch !== undefined) {
    if (!listsTag(ifMatch, entity.etag, 'strong')) return 'PRECONDITION_FAILED'
  } else {
    const since = parseHttpDate(headers['if-unmodified-since'] ?? '')
    if (since !== undefined && entity.lastModifiedMs > since) return 'PRECONDITION_FAILED'
  }
  const ifNoneMatch = headers['if-none-match']
  if (ifNoneMatch !== undefined) return listsTag(ifNoneMatch, entity.etag, 'weak') ? 'NOT_MODIFIED' : 'SEND'
  const since = parseHttpDate(headers['if-modified-since'] ?? '')
  return since !== undefined && entity.lastModifiedMs <= since ? 'NOT_MODIFIED' : 'SEND'
}

/**
 * RFC 9110 section 13.1.5: whether `Range` still means the file that the client has a part of. A date only counts when
 * the file has been quiet for a second, because within that second it may have changed unseen.
 */
export function isRangeCurrent(ifRange: string | undefined, entity: Validators, nowMs: number): boolean {
  if (ifRange === undefined) return true
  if (ifRange.includes('"')) return ifRange.trim() === entity.etag
  return parseHttpDate(ifRange) === entity.lastModifiedMs && nowMs - entity.lastModifiedMs >= 2000
}
