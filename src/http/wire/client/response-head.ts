/** Reads HTTP/1.1 response heads (RFC 9112 4 to 6). */
import { isName } from '../../fields/fields.ts'
import { maxSectionBytes } from '../fields.ts'
import { connectionOptions, isChunked, option, readLength } from '../framing.ts'
import { SectionReader, type Verdict, verdict } from '../section.ts'
import { ResponseScanner } from './response-scanner.ts'

/** How the body of a response is framed: a number of bytes, chunks, or the end of the connection (RFC 9112 6.3). */
export type Framing = number | 'chunked' | 'end'

export interface ResponseHead {
  /** 100 to 999. */
  readonly status: number
  /** Latin1. */
  readonly reason: string
  /** Flat, as received, latin1, without blanks around the values. */
  readonly fields: string[]
  readonly framing: Framing
  /** Whether the upstream keeps the connection after this response (RFC 9112 9.3). */
  readonly keepAlive: boolean
  /** Seconds for which the upstream keeps an idle connection; null if it does not send them. */
  readonly keepAliveSecs: number | null
}

/** Why a head was refused, as part of a message. */
export type ResponseFault = 'no HTTP/1 response' | 'a head that is not valid' | 'a head that is too large'

const maxFields = 1_000

const scanner = new ResponseScanner()

/**
 * Reads the response heads of one connection, one after the other, in whatever pieces they arrive. It refuses a head
 * that could be framed in two ways: a length that is not a number or repeated, a length with a transfer coding, and
 * a coding other than chunked (RFC 9112 6.3, 11.2).
 */
export class ResponseHeadReader {
  readonly #section = new SectionReader(scanner, maxSectionBytes)

  /** After a head: the place of the byte behind it, in the bytes of that call. */
  get endAt(): number {
    return this.#section.endAt
  }

  /**
   * Reads on, from `from` to `end`. Returns a head, which ended at `endAt`; null if all bytes were taken and more are
   * needed (what is kept is copied); or a fault, as soon as the bytes show it.
   */
  read(
    bytes: Buffer,
    from: number,
    end: number,
    isHeadRequest: boolean,
  ): ResponseHead | ResponseFault | null {
    scanner.fields.limit(maxFields)
    const result: Verdict = this.#section.read(bytes, from, end)
    switch (result) {
      case verdict.done:
        return buildHead(this.#section.release(bytes), isHeadRequest) ?? 'a head that is not valid'
      case verdict.more:
        return null
      case verdict.bad:
        return 'a head that is not valid'
      case verdict.badVersion:
        return 'no HTTP/1 response'
      case verdict.tooLarge:
        return 'a head that is too large'
    }
  }

  /** Forgets a head that has begun. */
  reset(): void {
    this.#section.reset()
  }
}

/** Makes the head that the scanner has found. All strings are cut from one. */
function buildHead(bytes: Buffer, isHeadRequest: boolean): ResponseHead | null {
  const { from, status, reasonAt, reasonEnd, version } = scanner
  // Room for places is bounded; 16 KiB hold more fields only if they are senseless.
  if (scanner.fields.count > maxFields) return null
  const text = bytes.toString('latin1', from, scanner.at)
  const fields = scanner.fields.cut(text, from)
  let length = -1
  let isCoded = false
  let isUnknown = false
  let options = 0
  let keepAliveSecs: number | null = null
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    switch (name.length) {
      case 10:
        if (isName(name, 'connection')) options |= connectionOptions(value)
        else if (isName(name, 'keep-alive')) {
          const secs = /timeout=\s*(\d{1,9})/.exec(value)?.[1]
          if (secs !== undefined) keepAliveSecs = Number(secs)
        }
        break
      case 14:
        if (!isName(name, 'content-length')) break
        if (length !== -1) return null
        length = readLength(value)
        if (length === -1) return null
        break
      case 17:
        if (!isName(name, 'transfer-encoding')) break
        if (value === '') return null
        // The body would be relayed with a coding that its new head does not name.
        if (isCoded || !isChunked(value)) isUnknown = true
        isCoded = true
    }
  }
  const isEmpty = isHeadRequest || status < 200 || status === 204 || status === 304
  if (isCoded && (length !== -1 || (isUnknown && !isEmpty))) return null
  const isKept = (options & option.close) === 0 && (version === 11 || (options & option.keepAlive) !== 0)
  return {
    status,
    reason: text.slice(reasonAt - from, reasonEnd - from),
    fields,
    framing: isEmpty ? 0 : isCoded ? 'chunked' : length === -1 ? 'end' : length,
    // A coding in HTTP/1.0 may be an intermediary's mistake: nothing after this message can be trusted (RFC 9112 6.1).
    keepAlive: isKept && (version === 11 || !isCoded),
    keepAliveSecs,
  }
}
