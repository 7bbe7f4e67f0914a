/** Dispatches a decided request to its service. */
import type { HttpRequest, HttpResponse } from '../../http/message/message.ts'
import { sendReply } from '../../http/reply/reply.ts'
import { codeOf, type Decision, replyOptions } from '../decide/decide.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Services } from './services.ts'

/** Passes a request to the service that was decided on, or answers it. */
export function serve(
  { forward, reverse, files }: Services,
  exchange: Exchange,
  req: HttpRequest,
  res: HttpResponse,
  decision: Decision,
): void {
  switch (decision.kind) {
    case 'reverse':
      reverse?.request(exchange, req, res, decision)
      return
    case 'forward':
      forward?.request(exchange, req, res, decision)
      return
    case 'static':
      if (exchange.closing) res.keepsAlive = false
      files
        ?.handle(req, res, decision.mount, decision.path)
        .catch((cause: unknown) => answerInternal(exchange, res, cause))
      return
    default:
      exchange.blame(codeOf(decision))
      if (codeOf(decision) === 'BODY_TOO_LARGE') exchange.refuse('BODY_TOO_LARGE')
      else sendReply(res, codeOf(decision), replyOptions(decision, exchange))
  }
}

/** Answers a request that failed because of a fault of this proxy. */
export function answerInternal(exchange: Exchange, res: HttpResponse, cause: unknown): void {
  exchange.relayFailed('INTERNAL', cause)
  sendReply(res, 'INTERNAL', { close: true, requestId: exchange.shownId })
}
