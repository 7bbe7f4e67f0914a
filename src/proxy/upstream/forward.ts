/** The forward proxy service. */
import type { IncomingMessage } from 'node:http'
import type { LookupFunction, Socket } from 'node:net'
import type { ForwardSettings } from '../../config/settings/settings.ts'
import { errorTable } from '../../errors.ts'
import { formatAuthority } from '../../http/address/authority.ts'
import { dial } from '../../http/dial/dial.ts'
import type { Gate } from '../../http/dial/gate.ts'
import type { HttpRequest, HttpResponse, TunnelClient } from '../../http/message.ts'
import { Tunnel } from '../../http/upstream/tunnel.ts'
import { count } from '../../telemetry/metrics/counters.ts'
import type { Decision } from '../decide/decide.ts'
import { Destinations } from '../destinations/destinations.ts'
import { createGate } from '../destinations/gate.ts'
import { OwnListeners } from '../destinations/own-listeners.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { countTunnel } from '../exchange/tunnelling.ts'
import { Upstream, type UpstreamDeps } from './upstream.ts'

type ForwardDecision = Extract<Decision, { kind: 'forward' }>
type TunnelDecision = Extract<Decision, { kind: 'tunnel' }>

/** Facts about the machine and the daemon. */
export interface Surroundings {
  /** Ports this daemon listens on. */
  readonly ownPorts: readonly number[]
  /** Default: the system's resolver. */
  readonly lookup?: LookupFunction | undefined
}

/** The forward service: absolute-form requests through the pool, CONNECT as a tunnel (RFC 9110 9.3.6). */
export class Forward {
  readonly #settings: ForwardSettings
  readonly #deps: UpstreamDeps
  readonly #upstream: Upstream
  /** Checks the destinations of CONNECT. */
  readonly #gate: Gate

  constructor(
    settings: ForwardSettings,
    deps: UpstreamDeps,
    { ownPorts, lookup }: Surroundings = { ownPorts: [] },
  ) {
    this.#settings = settings
    this.#deps = deps
    const destinations = new Destinations(settings.destinations, new OwnListeners(ownPorts))
    this.#gate = createGate(destinations, true, lookup)
    const gate = createGate(destinations, false, lookup)
    this.#upstream = new Upstream({ ...settings, ...deps, hidesAuthorization: false, gate })
  }

  request(exchange: Exchange, req: HttpRequest, res: HttpResponse, decision: ForwardDecision): void {
    this.#upstream.request(exchange, req, res, targetOf(decision))
  }

  upgrade(
    exchange: Exchange,
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
    decision: ForwardDecision,
  ): Promise<void> {
    return this.#upstream.upgrade(exchange, req, socket, head, targetOf(decision))
  }

  /** Takes over the client; `head` holds the first bytes of the tunnel. */
  tunnel(exchange: Exchange, client: TunnelClient, head: Buffer, { host, port }: TunnelDecision): void {
    const { side } = client
    const { connectMs, idleMs, maxTunnelMs } = this.#settings.timeouts
    exchange.dialled(`tcp://${formatAuthority({ host, port })}`, false)
    const upstream = dial({ host, port, timeoutMs: connectMs, gate: this.#gate }, (error) => {
      side.off('close', giveUp)
      if (error !== null) {
        exchange.relayFailed(error.code, error)
        exchange.repliedBytes = client.refuse(error.code, exchange.shownId)
        exchange.status = errorTable[error.code].status
        exchange.finish(exchange.status >= 500)
        return
      }
      exchange.connected(upstream)
      const fields = exchange.shownId === null ? [] : ['X-Request-Id', exchange.shownId]
      for (const first of [head, ...client.accept(fields)]) {
        if (first.length > 0) upstream.write(first)
        count(exchange.block, 'tunnelBytesReceived', first.length)
      }
      exchange.takeOver(200)
      const onEnd = countTunnel(exchange, client)
      const { reclaimer } = this.#deps
      new Tunnel(side, upstream, { idleMs, maxTunnelMs, reclaimer, counters: exchange.block, onEnd })
    })
    const giveUp = (): void => {
      upstream.destroy()
      exchange.blameClient()
      exchange.finish(true)
    }
    side.on('close', giveUp)
    client.wait()
  }

  /** Closes all idle upstream connections. */
  dropIdle(): void {
    this.#upstream.pool.dropIdle()
  }

  close(): void {
    this.#upstream.close()
  }
}

const targetOf = ({ origin, authority, path }: ForwardDecision) => ({
  origin,
  path,
  host: authority,
  forwardedHost: authority,
})
