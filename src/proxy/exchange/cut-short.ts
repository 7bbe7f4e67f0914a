/** How an exchange ends before its request has come in whole. */
import { type ErrorCode, errorTable } from '../../errors.ts'
import { breakOff } from '../../http/reply/break-off.ts'
import { type Closer, replyBytes, sendReply } from '../../http/reply/reply.ts'
import type { Exchange } from './exchange.ts'

/** Why an exchange is ended: its client owes the rest of the request, does not take the answer, or it took too long. */
export type Lateness = 'owes' | 'behind' | 'overdue'

/** Ends an exchange that is late: with an answer where none has begun and one can be read. */
export function endLate(exchange: Exchange, why: Lateness, closer: Closer): void {
  const { response, work, connection } = exchange
  const code = why === 'owes' ? 'REQUEST_TIMEOUT' : 'EXCHANGE_TIMEOUT'
  if (why !== 'behind') exchange.blame(code)
  // Or it has sent its FIN and is gone, which is for the exchange to say.
  else if (connection.session !== null || connection.socket.writableLength > 0)
    exchange.blame('CLIENT_STALLED')
  work?.clientClosed()
  if (response === null || exchange.isFinished) connection.socket.destroy()
  // A reset, since with an end the kernel would keep what it holds for such a client until that has taken it.
  else if (why === 'behind' && connection.session === null) breakOff(connection.socket)
  else if (response.headersSent || why === 'behind') response.destroy()
  else if (!response.req.complete) cutShort(exchange, code, closer)
  else if (work === null) response.destroy()
  else sendReply(response, code, { close: true, requestId: exchange.shownId })
}

/** Answers a request whose rest is not wanted; its client gets a moment to read that. */
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
