/**
 * The body of an error response: `CODE: text (request id)`, or the same as JSON for clients that prefer it.
 */
import { type ErrorCode, errorTable } from '../../errors.ts'

export interface ErrorDetails {
  /** Replaces the text of the error table. */
  readonly message?: string | undefined
  /** The request's Accept field. */
  readonly accept?: string | undefined
  /** Null if it is not shown. */
  readonly requestId?: string | null | undefined
}

export interface ErrorBody {
  readonly type: string
  readonly text: string
}

/** The body contains the error code, its text and the request id, but no internal details. */
export function errorBody(code: ErrorCode, details: ErrorDetails): ErrorBody {
  const { requestId = null, accept, message = errorTable[code].message } = details
  if (accept !== undefined && prefersJson(accept)) {
    const error = { code, message, ...(requestId === null ? {} : { request_id: requestId }) }
    return { type: 'application/json', text: `${JSON.stringify({ error })}\n` }
  }
  const name = requestId === null ? '' : ` (request ${requestId})`
  return { type: 'text/plain; charset=utf-8', text: `${code}: ${message}${name}\n` }
}

/**
 * Whether Accept names JSON explicitly, with at least the weight of plain text (RFC 9110 12.5.1). A wildcard
 * alone means text.
 */
export function prefersJson(accept: string): boolean {
  if (!/json/i.test(accept)) return false
  const ranges = accept.toLowerCase().split(',').map(readRange)
  const weightOf = (...types: readonly string[]) => {
    for (const wanted of types) {
      const range = ranges.find(({ type }) => type === wanted)
      if (range !== undefined) return range.weight
    }
    return 0
  }
  const json = weightOf('application/json')
  return json > 0 && json >= weightOf('text/plain', 'text/*', '*/*')
}

function readRange(range: string): { readonly type: string; readonly weight: number } {
  const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
  const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
  const weight = given === undefined ? 1 : Number(given)
  return { type, weight: Number.isNaN(weight) ? 0 : weight }
}
