/** Records what becomes of an upgrade in its exchange. */
import type { Socket } from 'node:net'
import { type BifrostError, errorTable } from '../../errors.ts'
import type { TunnelEnd } from '../../http/upstream/tunnel.ts'
import type { UpgradeOwner } from '../../http/upstream/upgrade.ts'
import type { Exchange } from './exchange.ts'
import { CountedTunnel } from './tunnelling.ts'

export class UpgradedExchange implements UpgradeOwner {
  readonly #exchange: Exchange
  #isAnswered = false
  /** Null unless the connection has switched. */
  #tunnel: CountedTunnel | null = null

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  connected(upstream: Socket): void {
    this.#exchange.connected(upstream)
  }

  failed(error: BifrostError, bodyBytes: number): void {
    const exchange = this.#exchange
    exchange.attemptEnded(error.code)
    exchange.relayFailed(error.code, error.cause)
    exchange.repliedBytes = bodyBytes
    exchange.status = errorTable[error.code].status
    exchange.finish(exchange.status >= 500)
  }

  answered(status: number): void {
    this.#isAnswered = true
    this.#exchange.takeOver(status)
    this.#exchange.attemptEnded(null)
    if (status === 101) this.#tunnel = new CountedTunnel(this.#exchange, null)
  }

  relayed(bytes: number): void {
    this.#exchange.repliedBytes += bytes
  }

  tunnelEnded(end: TunnelEnd): void {
    const exchange = this.#exchange
    if (this.#tunnel !== null) this.#tunnel.tunnelEnded(end)
    else if (this.#isAnswered) exchange.ended(end)
    else {
      exchange.blameClient()
      exchange.attemptEnded('CLIENT_ABORTED')
      exchange.finish(true)
    }
  }
}
