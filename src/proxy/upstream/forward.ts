/** The forward proxy service. */
import type { LookupFunction } from 'node:net'
import type { ForwardSettings } from '../../config/settings/settings.ts'
import { type BifrostError, errorTable } from '../../errors.ts'
import { formatAuthority } from '../../http/address/authority.ts'
import { dial } from '../../http/dial/dial.ts'
import type { Gate } from '../../http/dial/gate.ts'
import type { HttpRequest, HttpResponse, TunnelClient } from '../../http/message/message.ts'
import type { Transport } from '../../http/transport/transport.ts'
import { Tunnel, type TunnelBounds } from '../../http/upstream/tunnel.ts'
import { add, cell } from '../../telemetry/metrics/counters.ts'
import type { Decision } from '../decide/decide.ts'
import { Destinations } from '../destinations/destinations.ts'
import { createGate } from '../destinations/gate.ts'
import { OwnListeners } from '../destinations/own-listeners.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { CountedTunnel } from '../exchange/tunnelling.ts'
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
  readonly #connectMs: number
  readonly #tunnels: TunnelBounds
  readonly #upstream: Upstream
  /** Checks the destinations of CONNECT. */
  readonly #gate: Gate

  constructor(
    settings: ForwardSettings,
    deps: UpstreamDeps,
    { ownPorts, lookup }: Surroundings = { ownPorts: [] },
  ) {
    const { connectMs, idleMs, maxTunnelMs } = settings.timeouts
    this.#connectMs = connectMs
    this.#tunnels = { clock: deps.clock, idleMs, maxTunnelMs }
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
    request: HttpRequest,
    client: Transport,
    early: Buffer,
    decision: ForwardDecision,
  ): Promise<void> {
    return this.#upstream.upgrade(exchange, request, client, early, targetOf(decision))
  }

  /** Takes over the client; `early` holds the first bytes of the tunnel. */
  tunnel(exchange: Exchange, client: TunnelClient, early: Buffer, { host, port }: TunnelDecision): void {
    if (client.side.isClosed) {
      clientLeft(exchange)
      return
    }
    exchange.dialled(`tcp://${formatAuthority({ host, port })}`, false)
    const { clock } = this.#tunnels
    const target = { host, port, timeoutMs: this.#connectMs, gate: this.#gate, clock }
    const dialling = dial(target, (error, upstream) => {
      if (upstream === null) refuse(exchange, client, error as BifrostError)
      else this.#open(exchange, client, early, upstream)
    })
    client.wait(() => {
      dialling.giveUp()
      clientLeft(exchange)
    })
  }

  #open(exchange: Exchange, client: TunnelClient, early: Buffer, upstream: Transport): void {
    const { block, shownId } = exchange
    exchange.connected(upstream)
    const held = client.accept(shownId === null ? noFields : ['X-Request-Id', shownId])
    // The tunnel's first piece follows these at once.
    if (early.length + held.length > 0) upstream.setNoDelay()
    if (early.length > 0) upstream.write(early)
    add(block, cell.tunnelBytesReceived, early.length)
    for (const piece of held) {
      upstream.write(piece)
      add(block, cell.tunnelBytesReceived, piece.length)
    }
    exchange.takeOver(200)
    new Tunnel(client.side, upstream, this.#tunnels, block, new CountedTunnel(exchange, client))
  }

  /** Closes all idle upstream connections. */
  dropIdle(): void {
    this.#upstream.pool.dropIdle()
  }

  close(): void {
    this.#upstream.close()
  }
}

function refuse(exchange: Exchange, client: TunnelClient, error: BifrostError): void {
  exchange.relayFailed(error.code, error)
  exchange.repliedBytes = client.refuse(error.code, exchange.shownId)
  exchange.status = errorTable[error.code].status
  exchange.finish(exchange.status >= 500)
}

function clientLeft(exchange: Exchange): void {
  exchange.blameClient()
  exchange.finish(true)
}

const noFields: readonly string[] = []

const targetOf = ({ origin, authority, path }: ForwardDecision) => ({
  origin,
  path,
  host: authority,
  forwardedHost: authority,
})
