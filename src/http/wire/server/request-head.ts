/** Reads HTTP/1.1 request heads (RFC 9112 2 to 6). */
import { isName } from '../../fields/fields.ts'
import { connectionOptions, option, readLength } from '../framing.ts'
import { SectionReader, verdict } from '../section.ts'
import { isBegun, RequestScanner } from './request-scanner.ts'

export interface HeadBounds {
  /** Bytes of a request head: empty lines before it, request line, fields and the empty line. */
  readonly maxHeadBytes: number
  /** One more is kept, so that a head with too many is seen to have too many. */
  readonly maxFields: number
  readonly maxTargetBytes: number
}

/** A valid request head. What it means is decided later (proxy/decide). */
export interface RequestHead {
  readonly method: string
  /** As received. */
  readonly target: string
  /** 10 or 11. */
  readonly version: number
  /** Flat, as received, latin1, without blanks around the values; at most `maxFields` + 1. */
  readonly fields: string[]
  /** First Host field; undefined without one. */
  readonly host: string | undefined
  /** Number of Host fields. */
  readonly hosts: number
  /** Content-Length; -1 without one. */
  readonly length: number
  /** Transfer-Encoding, joined if there are several; undefined without one. */
  readonly coding: string | undefined
  /** Expect, joined if there are several; undefined without one. */
  readonly expect: string | undefined
  /** Upgrade, joined if there are several; undefined without one, or if Connection does not list it (RFC 9110 7.8). */
  readonly upgrade: string | undefined
  /** Whether the client keeps the connection (RFC 9112 9.3). */
  readonly keepsAlive: boolean
}

export type RequestFault = 'BAD_REQUEST' | 'HEAD_TOO_LARGE' | 'TARGET_TOO_LONG' | 'VERSION_NOT_SUPPORTED'

const scanner = new RequestScanner()

/**
 * Reads the request heads of one connection, one after the other, in whatever pieces they arrive. The result does
 * not depend on the pieces, and the time is linear in the bytes.
 */
export class RequestHeadReader {
  readonly #bounds: HeadBounds
  readonly #section: SectionReader

  constructor(bounds: HeadBounds) {
    this.#bounds = bounds
    this.#section = new SectionReader(scanner, bounds.maxHeadBytes)
  }

  /** After a head: the place of the byte behind it, in the bytes of that call. */
  get endAt(): number {
    return this.#section.endAt
  }

  /** Whether part of a request has been read; empty lines before it do not count. */
  get isBegun(): boolean {
    const { state } = this.#section
    return state !== null && isBegun(state)
  }

  /**
   * Reads on, from `from` to `end`. Returns a head, which ended at `endAt`; null if all bytes were taken and more are
   * needed (what is kept is copied); or a fault, as soon as the bytes show it. After a fault the connection cannot be
   * read any further.
   */
  read(bytes: Buffer, from: number, end: number): RequestHead | RequestFault | null {
    scanner.fields.limit(this.#bounds.maxFields + 1)
    switch (this.#section.read(bytes, from, end)) {
      case verdict.done:
        return buildHead(this.#section.release(bytes))
      case verdict.more:
        return null
      case verdict.bad:
        return 'BAD_REQUEST'
      case verdict.badVersion:
        return 'VERSION_NOT_SUPPORTED'
      case verdict.tooLarge:
        return scanner.targetBytes > this.#bounds.maxTargetBytes ? 'TARGET_TOO_LONG' : 'HEAD_TOO_LARGE'
    }
  }
}

/** Makes the head that the scanner has found. All strings are cut from one. */
function buildHead(bytes: Buffer): RequestHead | RequestFault {
  const { methodAt, methodEnd, targetEnd, version } = scanner
  const text = bytes.toString('latin1', methodAt, scanner.at)
  const fields = scanner.fields.cut(text, methodAt)
  let host: string | undefined
  let hosts = 0
  let length = -1
  let coding: string | undefined
  let expect: string | undefined
  let upgrade: string | undefined
  let options = 0
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string
    const value = fields[at + 1] as string
    switch (name.length) {
      case 4:
        if (!isName(name, 'host')) break
        if (hosts === 0) host = value
        hosts += 1
        break
      case 6:
        if (isName(name, 'expect')) expect = join(expect, value)
        break
      case 7:
        if (value !== '' && isName(name, 'upgrade')) upgrade = join(upgrade, value)
        break
      case 10:
        if (isName(name, 'connection')) options |= connectionOptions(value)
        break
      case 14:
        if (!isName(name, 'content-length')) break
        // RFC 9112 6.3: a repeated length, even an equal one, is a sign of request smuggling.
        if (length !== -1) return 'BAD_REQUEST'
        length = readLength(value)
        if (length === -1) return 'BAD_REQUEST'
        break
      case 17:
        if (isName(name, 'transfer-encoding')) coding = join(coding, value)
    }
  }
  // RFC 9112 6.1: so is a length together with a coding.
  if (coding !== undefined && length !== -1) return 'BAD_REQUEST'
  return {
    method: text.slice(0, methodEnd - methodAt),
    target: text.slice(methodEnd + 1 - methodAt, targetEnd - methodAt),
    version,
    fields,
    host,
    hosts,
    length,
    coding,
    expect,
    upgrade: (options & option.upgrade) === 0 ? undefined : upgrade,
    keepsAlive: (options & option.close) === 0 && (version === 11 || (options & option.keepAlive) !== 0),
  }
}

/** RFC 9110 5.3. */
const join = (list: string | undefined, value: string): string =>
  list === undefined ? value : `${list}, ${value}`
