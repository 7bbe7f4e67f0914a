import type { HttpRequest, HttpResponse } from '../http/message.ts'
import { sendReply } from '../http/reply.ts'
import { codeOf, type Decision, replyOptions } from './decide.ts'
import type { Exchange } from './exchange.ts'
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
      files?.handle(req, res, decision.mount, decision.path).catch((cause: unknown) => {
        exchange.relayFailed('INTERNAL', cause)
        sendReply(res, 'INTERNAL', { close: true })
      })
      return
    default:
      exchange.blame(codeOf(decision))
      sendReply(res, codeOf(decision), replyOptions(decision, exchange.closing))
  }
}
