/** Error responses. */
import { type ErrorCode, errorTable } from '../../errors.ts'
import { requestField } from '../../telemetry/request-field.ts'
import type { HttpResponse } from '../message/message.ts'
import { reasonPhrase } from '../status.ts'
import { type ErrorBody, type ErrorDetails, errorBody } from './error-body.ts'

export interface ReplyOptions extends ErrorDetails {
  /** Additional header fields, flat. */
  readonly headers?: readonly string[]
  readonly close?: boolean
  /** The bytes are built once and sent later, so they have no Date (RFC 9110 6.6.1 allows that for 5xx). */
  readonly isPrepared?: boolean
}

/** The current time as a Date field value. */
export const httpDate = (): string => new Date().toUTCString()

/** Answers with an error response; if a head was already sent, the response is broken off. */
export function sendReply(res: HttpResponse, code: ErrorCode, options: ReplyOptions = {}): void {
  if (res.isHeadSent || res.isClosed) {
    res.abort()
    return
  }
  const body = errorBody(code, { accept: requestField(res.request.fields, 'accept'), ...options })
  if (options.close) res.keepsAlive = false
  res.sendHead(errorTable[code].status, undefined, replyHeaders(body, options))
  res.end(Buffer.from(body.text))
}

/**
 * A whole error response as bytes, for a connection without a response object; always with `Connection: close`.
 */
export function replyBytes(code: ErrorCode, options: ReplyOptions = {}): Buffer {
  const body = errorBody(code, options)
  const { status } = errorTable[code]
  const fields = [...replyHeaders(body, options), 'Connection', 'close']
  if (!options.isPrepared) fields.push('Date', httpDate())
  if (options.requestId) fields.push('X-Request-Id', options.requestId)
  let text = `HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`
  for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`
  return Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), Buffer.from(body.text)])
}

/** Size of the body within a whole response. */
export const bodyLength = (answer: Buffer): number => answer.length - answer.indexOf('\r\n\r\n') - 4

/**
 * Caches must not keep error responses (by default they may keep 404, 414 and others, RFC 9110 15.1): the
 * answer can change at any moment, and it depends on Accept.
 */
function replyHeaders({ type, text }: ErrorBody, options: ReplyOptions): string[] {
  return [
    'Content-Type',
    type,
    'Content-Length',
    String(Buffer.byteLength(text)),
    'Cache-Control',
    'no-store',
    ...(options.headers ?? []),
  ]
}
