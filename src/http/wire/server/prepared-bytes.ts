/** The bytes of prepared responses, made once a second: only their Date changes. */
import type { PreparedResponse } from '../../message/prepared.ts'
import { dateField, keptText, statusLine, writtenFields } from './head-text.ts'

/** A larger body is not copied behind its head. */
const maxJoinedBytes = 16 * 1024

/** Whether `sentBytes` contains the body. */
export const isWhole = ({ body }: PreparedResponse): boolean => body.length <= maxJoinedBytes

/**
 * The response as it is sent on a connection that is kept for `keepAliveSecs`. The bytes never change: a write that
 * is pending keeps the buffer of its second.
 */
export function sentBytes(prepared: PreparedResponse, keepAliveSecs: number, now = Date.now()): Buffer {
  const dateLine = dateField(now)
  const { sent } = prepared
  if (sent !== null && dateLine === prepared.dateLine && keepAliveSecs === prepared.keepAliveSecs) return sent
  const { status, fields, body } = prepared
  const facts = writtenFields(fields)
  const text = statusLine(status, undefined) + facts.text + dateLine + keptText(keepAliveSecs)
  const head = Buffer.from(`${text}\r\n`, 'latin1')
  const bytes = isWhole(prepared) ? Buffer.concat([head, body]) : head
  if (isWhole(prepared)) prepared.body = bytes.subarray(head.length)
  prepared.sent = bytes
  prepared.dateLine = dateLine
  prepared.keepAliveSecs = keepAliveSecs
  return bytes
}
