/**
 * Shared by the forward and reverse services: requests through the pool, upgrades through connections of
 * their own.
 */
import type {
  ForwardingSettings,
  PoolSettings,
  SizeSettings,
  TimeoutSettings,
  TrustSettings,
} from '../../config/settings/settings.ts'
import type { TracingSettings } from '../../config/settings/tracing.ts'
import { errorTable } from '../../errors.ts'
import { unixPeer } from '../../http/address/address.ts'
import type { CoarseClock } from '../../http/clock.ts'
import type { Gate } from '../../http/dial/gate.ts'
import type { Forwarding } from '../../http/fields/forwarded.ts'
import { requestHeaders } from '../../http/fields/headers.ts'
import { fieldOf } from '../../http/fields/lookup.ts'
import { countHop, hopsLeft } from '../../http/fields/max-forwards.ts'
import type { HttpRequest, HttpResponse } from '../../http/message/message.ts'
import type { Reclaimer } from '../../http/reclaim.ts'
import type { Closer } from '../../http/reply/closer.ts'
import { replyBytes, sendReply } from '../../http/reply/reply.ts'
import type { Transport } from '../../http/transport/transport.ts'
import { UpstreamPool } from '../../http/upstream/pool.ts'
import { Relay, type RelayService } from '../../http/upstream/relay.ts'
import type { Upgrader } from '../../http/upstream/upgrade.ts'
import type { CounterBlock } from '../../telemetry/metrics/counters.ts'
import { contextFields } from '../../telemetry/trace/propagation.ts'
import { withSubject } from '../exchange/client-subject.ts'
import type { Connection } from '../exchange/connection.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { UpgradedExchange } from '../exchange/upgraded.ts'

/** Provided by the data plane to its services. */
export interface UpstreamDeps {
  readonly pseudonym: string
  readonly closer: Closer
  readonly clock: CoarseClock
  readonly reclaimer: Reclaimer
  /** Request fields that only this proxy may set (`subjectHeadersOf`), or null. */
  readonly subjectHeaders: ReadonlySet<string> | null
  readonly counters: CounterBlock
}

export interface UpstreamOptions extends UpstreamDeps {
  readonly timeouts: TimeoutSettings
  readonly pool: PoolSettings
  readonly forwarding: ForwardingSettings
  readonly trust: TrustSettings
  readonly sizes: SizeSettings
  readonly tracing: TracingSettings
  /** Drops Authorization, because this proxy requested it. */
  readonly hidesAuthorization: boolean
  /** Checks destinations chosen by clients; null if the operator chose the target. */
  readonly gate: Gate | null
}

export interface UpstreamRequest {
  /** `scheme://host:port`. */
  readonly origin: string
  readonly path: string
  /** Replaces Host; undefined keeps the client's. */
  readonly host: string | undefined
  readonly forwardedHost: string
}

export class Upstream {
  readonly pool: UpstreamPool
  readonly #options: UpstreamOptions
  readonly #forwarding: Forwarding
  readonly #service: RelayService
  #upgrader: Promise<Upgrader> | null = null

  constructor(options: UpstreamOptions) {
    this.#options = options
    const { pool, timeouts, forwarding, trust, tracing, subjectHeaders } = options
    // A trace context in a trailer is only forwarded if every client is believed about traces.
    const reserved = new Set([...(subjectHeaders ?? []), ...(tracing.trustsProxiesOnly ? contextFields : [])])
    const cleanTrailers =
      reserved.size === 0 ? null : (came: readonly string[]) => withSubject(came, reserved, null)
    this.#forwarding = { ...forwarding, believes: trust.believes }
    this.pool = new UpstreamPool({
      maxIdlePerHost: pool.maxIdlePerHost,
      idleMs: pool.idleMs,
      connectMs: timeouts.connectMs,
      responseMs: timeouts.responseMs,
      gate: options.gate,
      lifetimeMs: timeouts.lifetimeMs,
      http2: pool.http2,
      counters: options.counters,
      clock: options.clock,
    })
    this.#service = {
      pool: this.pool,
      pseudonym: options.pseudonym,
      maxBodyBytes: options.sizes.maxBodyBytes || Infinity,
      cleanTrailers,
      reclaimer: options.reclaimer,
    }
  }

  request(exchange: Exchange, req: HttpRequest, res: HttpResponse, target: UpstreamRequest): void {
    const hops = hopsLeft(req)
    const headers = this.#headers(exchange, req, target)
    if (headers === null || hops === 0) {
      const code = headers === null ? 'LOOP' : 'NOT_IMPLEMENTED'
      exchange.blame(code)
      sendReply(res, code, { close: exchange.closing, requestId: exchange.shownId })
      return
    }
    if (hops !== null) countHop(headers, hops)
    const relay = new Relay(res, exchange, this.#service, target.origin, target.path, headers)
    exchange.work = relay
    relay.start()
  }

  async upgrade(
    exchange: Exchange,
    request: HttpRequest,
    client: Transport,
    early: Buffer,
    target: UpstreamRequest,
  ): Promise<void> {
    const { pseudonym, timeouts, closer, clock, gate } = this.#options
    const headers = this.#headers(exchange, request, target)
    if (headers === null) {
      const accept = fieldOf(request.fields, 'accept')
      const answer = replyBytes('LOOP', { accept, requestId: exchange.shownId })
      closer.end(client, answer)
      exchange.replied(answer)
      exchange.blame('LOOP')
      exchange.status = errorTable.LOOP.status
      exchange.finish(true)
      return
    }
    // Loaded on first use, as most workers never see an upgrade.
    this.#upgrader ??= import('../../http/upstream/upgrade.ts').then((module) => new module.Upgrader())
    const upgrader = await this.#upgrader
    if (client.isClosed) {
      // The client left during the import, and its transport will emit nothing further.
      exchange.blameClient()
      exchange.finish(true)
      return
    }
    exchange.dialled(target.origin, false)
    const options = {
      origin: target.origin,
      path: target.path,
      headers,
      pseudonym,
      shownId: exchange.shownId,
      ...timeouts,
      halfClosedMs: exchange.bounds.halfClosedMs,
      clock,
      closer,
      gate,
      counters: exchange.block,
    }
    upgrader.run(request, client, early, options, new UpgradedExchange(exchange))
  }

  close(): void {
    this.pool.close()
  }

  #headers(exchange: Exchange, req: HttpRequest, target: UpstreamRequest): string[] | null {
    const { connection, provenance, requestId } = exchange
    const { subjectHeaders } = this.#options
    const headers = requestHeaders(req.fields, {
      host: target.host,
      hop: { for: this.#nameOf(connection), proto: connection.scheme, host: target.forwardedHost },
      forwarding: this.#forwarding,
      came: provenance,
      hidesAuthorization: this.#options.hidesAuthorization,
      requestId,
      protocol: req.version === 20 ? '2.0' : req.version === 10 ? '1.0' : '1.1',
      pseudonym: this.#options.pseudonym,
    })
    if (headers === null) return null
    const told = subjectHeaders === null ? headers : withSubject(headers, subjectHeaders, connection.subject)
    exchange.trace?.writeTo(told, target.path)
    return told
  }

  #nameOf(connection: Connection): string {
    switch (this.#options.forwarding.names) {
      case 'address':
        // RFC 7239 6.2 defines `unknown` for a client without an address.
        return connection.peer === unixPeer ? 'unknown' : connection.peer
      case 'obfuscated':
        return connection.madeUpName
      case 'unknown':
        return 'unknown'
    }
  }
}
