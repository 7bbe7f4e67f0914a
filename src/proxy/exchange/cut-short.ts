/** Ends an exchange before its request has arrived completely. */
import { type ErrorCode, errorTable } from '../../errors.ts'
import { breakOff } from '../../http/reply/break-off.ts'
import { type Closer, replyBytes, sendReply } from '../../http/reply/reply.ts'
import type { Exchange } from './exchange.ts'

/**
 * Why an exchange is ended: the client owes the rest of the request, does not read the response, or the
 * exchange took too long.
 */
export type Lateness = 'owes' | 'behind' | 'overdue'

/** Ends a late exchange, with an answer if none has begun and the client can read one. */
export function endLate(exchange: Exchange, why: Lateness, closer: Closer): void {
  const { response, work, connection } = exchange
  const code = why === 'owes' ? 'REQUEST_TIMEOUT' : 'EXCHANGE_TIMEOUT'
  if (why !== 'behind') exchange.blame(code)
  // Otherwise the client has sent FIN and may be gone; the exchange then finds the code itself.
  else if (connection.session !== null || connection.socket.writableLength > 0)
    exchange.blame('CLIENT_STALLED')
  work?.clientClosed()
  if (response === null || exchange.isFinished) connection.socket.destroy()
  // A reset: after a FIN the kernel would keep the unsent bytes until such a client has read them.
  else if (why === 'behind' && connection.session === null) breakOff(connection.socket)
  else if (response.headersSent || why === 'behind') response.destroy()
  else if (!response.req.complete) cutShort(exchange, code, closer)
  else if (work === null) response.destroy()
  else sendReply(response, code, { close: true, requestId: exchange.shownId })
}

/** Answers a request whose rest is not read; the client gets a moment to read the answer. */
export function cutShort(exchange: Exchange, code: ErrorCode, closer: Closer): void {
  const { response } = exchange
  if (response === null) return
  const { req } = response
  if (req.httpVersionMajor === 2) {
    sendReply(response, code, { requestId: exchange.shownId })
    return
  }
  req.resume()
  const requestId = exchange.shownId
  const answer = replyBytes(code, { accept: req.headers.accept, requestId })
  closer.end(exchange.connection.socket, answer)
  exchange.replied(answer)
  exchange.status = errorTable[code].status
  exchange.finish(exchange.status >= 500)
}
