import type { HttpRequest, HttpResponse } from '../../http/message.ts'
import { sendReply } from '../../http/reply/reply.ts'
import { codeOf, type Decision, replyOptions } from '../decide/decide.ts'
import type { Exchange } from '../exchange/exchange.ts'
import type { Services } from './services.ts'

/** Hands a request to the service that it was decided to be for, or answers it. */
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
      if (exchange.closing) res.shouldKeepAlive = false
      files
        ?.handle(req, res, decision.mount, decision.path)
        .catch((cause: unknown) => failed(exchange, res, cause))
      return
    default:
      exchange.blame(codeOf(decision))
      if (codeOf(decision) === 'BODY_TOO_LARGE') exchange.refuse('BODY_TOO_LARGE')
      else sendReply(res, codeOf(decision), replyOptions(decision, exchange))
  }
}

/** Answers what could not be served because of a fault of ours. */
export function failed(exchange: Exchange, res: HttpResponse, cause: unknown): void {
  exchange.relayFailed('INTERNAL', cause)
  sendReply(res, 'INTERNAL', { close: true, requestId: exchange.shownId })
}
