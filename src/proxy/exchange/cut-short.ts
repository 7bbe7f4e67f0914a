/** Ends an exchange before its request has arrived completely. */
import { type ErrorCode, errorTable } from '../../errors.ts'
import type { Closer } from '../../http/reply/closer.ts'
import { replyBytes, sendReply } from '../../http/reply/reply.ts'
import { requestField } from '../../telemetry/request-field.ts'
import type { Exchange } from './exchange.ts'

/**
 * Why an exchange is ended: the client owes the rest of the request, does not read the response, or the
 * exchange took too long.
 */
export type Lateness = 'owes' | 'behind' | 'overdue'

/** Ends a late exchange, with an answer if none has begun and the client can read one. */
export function endLate(exchange: Exchange, why: Lateness, closer: Closer): void {
  const { response, work, connection } = exchange
  const { transport } = connection
  const code = why === 'owes' ? 'REQUEST_TIMEOUT' : 'EXCHANGE_TIMEOUT'
  if (why !== 'behind') exchange.blame(code)
  // Otherwise the client has sent FIN and may be gone; the exchange then finds the code itself.
  else if (connection.session !== null || transport.pendingBytes > 0) exchange.blame('CLIENT_STALLED')
  work?.clientClosed()
  if (response === null || exchange.isFinished) transport.close()
  // A reset: after a FIN the kernel would keep the unsent bytes until such a client has read them.
  else if (why === 'behind' && connection.session === null) transport.reset()
  else if (response.isHeadSent || why === 'behind') response.abort()
  else if (!response.request.isComplete) cutShort(exchange, code, closer)
  else if (work === null) response.abort()
  else sendReply(response, code, { close: true, requestId: exchange.shownId })
}

/** Answers a request whose rest is not read; the client gets a moment to read the answer. */
export function cutShort(exchange: Exchange, code: ErrorCode, closer: Closer): void {
  const { response, connection } = exchange
  if (response === null) return
  const { request } = response
  const requestId = exchange.shownId
  if (connection.http === null) {
    sendReply(response, code, { requestId })
    return
  }
  const answer = replyBytes(code, { accept: requestField(request.fields, 'accept'), requestId })
  connection.http.release()
  closer.end(connection.transport, answer)
  exchange.replied(answer)
  exchange.status = errorTable[code].status
  exchange.finish(exchange.status >= 500)
}
