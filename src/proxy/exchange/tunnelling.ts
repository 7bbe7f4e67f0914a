/** The part shared by CONNECT and Upgrade: after the switch a connection is a tunnel with counters of its own. */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '../../errors.ts'
import type { TunnelClient } from '../../http/message.ts'
import { bodyLength, type Closer, replyBytes } from '../../http/reply/reply.ts'
import type { TunnelEnd } from '../../http/upstream/tunnel.ts'
import { WaitingClient } from '../../http/upstream/waiting-client.ts'
import { cell } from '../../telemetry/metrics/counters.ts'
import type { Exchange } from './exchange.ts'

const established = 'HTTP/1.1 200 Connection established\r\n'

/** The client of an HTTP/1.1 CONNECT, on a connection that has left HTTP. */
export class SocketClient implements TunnelClient {
  readonly side: Socket
  readonly #accept: string | undefined
  readonly #closer: Closer
  #waiting: WaitingClient | null = null

  constructor(req: IncomingMessage, socket: Socket, closer: Closer) {
    this.side = socket
    this.#accept = req.headers.accept
    this.#closer = closer
  }

  wait(): void {
    this.#waiting = new WaitingClient(this.side)
  }

  accept(fields: readonly string[]): readonly Buffer[] {
    let text = established
    for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`
    this.side.write(`${text}\r\n`, 'latin1')
    return this.#waiting?.release() ?? []
  }

  refuse(code: ErrorCode, requestId: string | null): number {
    this.#waiting?.release()
    const answer = replyBytes(code, { accept: this.#accept, requestId })
    this.#closer.end(this.side, answer)
    return bodyLength(answer)
  }
}

/**
 * Counts an opened tunnel. The returned function counts its end and its bytes; further calls count bytes
 * only.
 */
export function countTunnel(exchange: Exchange, client?: TunnelClient): (end: TunnelEnd) => void {
  const { block } = exchange
  block[cell.tunnelsActive] = (block[cell.tunnelsActive] ?? 0) + 1
  block[cell.tunnelsTotal] = (block[cell.tunnelsTotal] ?? 0) + 1
  const openedAt = performance.now()
  let isOpen = true
  return (end) => {
    exchange.ended(end, client?.bodyBytes)
    if (!isOpen) return
    isOpen = false
    block[cell.tunnelsActive] = (block[cell.tunnelsActive] ?? 0) - 1
    exchange.meter.tunnelEnded((performance.now() - openedAt) / 1000)
  }
}
