/** The part shared by CONNECT and Upgrade: after the switch a connection is a tunnel with counters of its own. */
import type { ErrorCode } from '../../errors.ts'
import { fieldOf } from '../../http/fields/lookup.ts'
import type { HttpRequest, TunnelClient } from '../../http/message/message.ts'
import type { Closer } from '../../http/reply/closer.ts'
import { bodyLength, replyBytes } from '../../http/reply/reply.ts'
import type { Transport } from '../../http/transport/transport.ts'
import type { TunnelEnd, TunnelOwner } from '../../http/upstream/tunnel.ts'
import { WaitingClient, type WaitOwner } from '../../http/upstream/waiting-client.ts'
import { add, cell } from '../../telemetry/metrics/counters.ts'
import type { Exchange } from './exchange.ts'

const established = 'HTTP/1.1 200 Connection established\r\n'
const noBytes = Buffer.alloc(0)

/** The client of an HTTP/1.1 CONNECT, on a connection that has left HTTP. */
export class SocketClient implements TunnelClient, WaitOwner {
  readonly side: Transport
  readonly #request: HttpRequest
  readonly #closer: Closer
  readonly #halfClosedMs: number
  #waiting: WaitingClient | null = null
  #onLeft: (() => void) | null = null

  /** `halfClosedMs`: see `PaceSettings`. */
  constructor(request: HttpRequest, transport: Transport, closer: Closer, halfClosedMs: number) {
    this.side = transport
    this.#request = request
    this.#closer = closer
    this.#halfClosedMs = halfClosedMs
  }

  wait(onLeft: () => void): void {
    this.#onLeft = onLeft
    this.#waiting = new WaitingClient(this.side, noBytes, this, this.#closer.clock, this.#halfClosedMs)
  }

  accept(fields: readonly string[]): readonly Buffer[] {
    let text = established
    for (let at = 0; at < fields.length; at += 2) text += `${fields[at]}: ${fields[at + 1]}\r\n`
    this.side.write(`${text}\r\n`)
    return this.#waiting?.release() ?? []
  }

  refuse(code: ErrorCode, requestId: string | null): number {
    this.#waiting?.release()
    const answer = replyBytes(code, { accept: fieldOf(this.#request.fields, 'accept'), requestId })
    this.#closer.end(this.side, answer)
    return bodyLength(answer)
  }

  clientLeft(): void {
    this.#onLeft?.()
  }

  clientDrained(): void {}
}

/** Counts an opened tunnel, and its end. */
export class CountedTunnel implements TunnelOwner {
  readonly #exchange: Exchange
  readonly #client: TunnelClient | null
  readonly #openedAt = performance.now()

  /** `client`: counts the bytes of the tunnel if its connection carries others too. */
  constructor(exchange: Exchange, client: TunnelClient | null) {
    this.#exchange = exchange
    this.#client = client
    add(exchange.block, cell.tunnelsActive, 1)
    add(exchange.block, cell.tunnelsTotal, 1)
  }

  tunnelEnded(end: TunnelEnd): void {
    const { block, meter } = this.#exchange
    this.#exchange.ended(end, this.#client?.bodyBytes)
    add(block, cell.tunnelsActive, -1)
    meter.tunnelEnded((performance.now() - this.#openedAt) / 1000)
  }
}
