/** Reads HTTP/1.1 response heads. */
import { hasToken, isName as is } from '../fields/fields.ts'
import { endOfText, readFields } from './fields.ts'

/** How the body of a response is framed: a number of bytes, chunks, or the end of the connection (RFC 9112 6.3). */
export type Framing = number | 'chunked' | 'end'

export interface ResponseHead {
  readonly status: number
  readonly reason: string
  /** Flat, as it came. */
  readonly fields: string[]
  readonly framing: Framing
  /** Whether the upstream keeps the connection after this response. */
  readonly keepAlive: boolean
  /** Seconds that the upstream says it keeps an idle connection; null when it does not. */
  readonly keepAliveSecs: number | null
}

/**
 * Reads the response head between two places: status line and fields, each line with its CRLF, without the empty line. Null for what is
 * none and for what could be framed in two ways: a length that is no number or comes twice, or a length with a transfer coding (RFC
 * 9112 6.3, 11.2).
 */
export function readResponseHead(
  bytes: Buffer,
  from: number,
  end: number,
  isHeadRequest: boolean,
): ResponseHead | null {
  const lineEnd = endOfText(bytes, from, end)
  const line = bytes.toString('latin1', from, lineEnd)
  if (!statusLine.test(line) || bytes[lineEnd] !== 0x0d || bytes[lineEnd + 1] !== 0x0a || lineEnd + 2 > end) {
    return null
  }
  const fields = readFields(bytes, lineEnd + 2, end)
  if (fields === null) return null
  const status = Number(line.slice(9, 12))
  const isHttp11 = line.charCodeAt(7) === 0x31
  let length = -1
  let isCoded = false
  let keepAlive = isHttp11
  let isClosed = false
  let keepAliveSecs: number | null = null
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    switch (name.length) {
      case 10:
        if (is(name, 'connection')) {
          if (value === 'keep-alive' || value === 'Keep-Alive') keepAlive = true
          else if (hasToken(value, 'close')) isClosed = true
          else if (hasToken(value, 'keep-alive')) keepAlive = true
        } else if (is(name, 'keep-alive')) {
          const secs = /timeout=\s*(\d{1,9})/.exec(value)?.[1]
          if (secs !== undefined) keepAliveSecs = Number(secs)
        }
        break
      case 14:
        if (!is(name, 'content-length')) break
        if (length !== -1 || !/^\d{1,15}$/.test(value)) return null
        length = Number(value)
        break
      case 17:
        if (is(name, 'transfer-encoding')) isCoded = true
    }
  }
  if (isCoded && length !== -1) return null
  const isEmpty = isHeadRequest || status < 200 || status === 204 || status === 304
  return {
    status,
    reason: line.slice(13),
    fields,
    framing: isEmpty ? 0 : isCoded ? 'chunked' : length === -1 ? 'end' : length,
    // A coding in HTTP/1.0 may be an intermediary's mistake: nothing after this message can be trusted (RFC 9112 6.1).
    keepAlive: keepAlive && !isClosed && (isHttp11 || !isCoded),
    keepAliveSecs,
  }
}

/** Whether text may be the start of a response, of which there is not enough yet. */
export const mayBeResponse = (text: string): boolean => 'HTTP/1.'.startsWith(text.slice(0, 7))

const statusLine = /^HTTP\/1\.[01] [1-9]\d\d(?: .*)?$/
