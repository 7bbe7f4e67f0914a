/**
 * Shared by the forward and reverse services: requests through the pool, upgrades through connections of
 * their own.
 */
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
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
import type { Gate } from '../../http/dial/gate.ts'
import type { Forwarding } from '../../http/fields/forwarded.ts'
import { requestHeaders } from '../../http/fields/headers.ts'
import { countHop, hopsLeft } from '../../http/fields/max-forwards.ts'
import type { HttpRequest, HttpResponse } from '../../http/message.ts'
import type { Reclaimer } from '../../http/reclaim.ts'
import { type Closer, replyBytes, sendReply } from '../../http/reply/reply.ts'
import { UpstreamPool } from '../../http/upstream/pool.ts'
import { Relay } from '../../http/upstream/relay.ts'
import type { TunnelEnd } from '../../http/upstream/tunnel.ts'
import type { Upgrader } from '../../http/upstream/upgrade.ts'
import type { CounterBlock } from '../../telemetry/metrics/counters.ts'
import { contextFields } from '../../telemetry/trace/propagation.ts'
import { withSubject } from '../exchange/client-subject.ts'
import type { Connection } from '../exchange/connection.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { countTunnel } from '../exchange/tunnelling.ts'

/** Provided by the data plane to its services. */
export interface UpstreamDeps {
  readonly pseudonym: string
  readonly closer: Closer
  readonly reclaimer: Reclaimer
  /** Request fields that only this proxy may set (`subjectHeadersOf`); null if there are none. */
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
  readonly #cleanTrailers: ((came: readonly string[]) => readonly string[]) | null
  #upgrader: Promise<Upgrader> | null = null

  constructor(options: UpstreamOptions) {
    this.#options = options
    const { pool, timeouts, forwarding, trust, tracing, subjectHeaders } = options
    // A trace context in a trailer is only forwarded if every client is believed about traces.
    const reserved = new Set([...(subjectHeaders ?? []), ...(tracing.trustsProxiesOnly ? contextFields : [])])
    this.#cleanTrailers = reserved.size === 0 ? null : (came) => withSubject(came, reserved, null)
    this.#forwarding = { ...forwarding, believes: trust.believes }
    this.pool = new UpstreamPool({
      maxIdlePerHost: pool.maxIdlePerHost,
      idleMs: pool.idleMs,
      connectMs: timeouts.connectMs,
      responseMs: timeouts.responseMs,
      gate: options.gate,
      lifetimeMs: timeouts.lifetimeMs,
      counters: options.counters,
    })
  }

  request(exchange: Exchange, req: HttpRequest, res: HttpResponse, target: UpstreamRequest): void {
    const { pseudonym, reclaimer } = this.#options
    const hops = hopsLeft(req)
    const headers = this.#headers(exchange, req, target)
    if (headers === null || hops === 0) {
      const code = headers === null ? 'LOOP' : 'NOT_IMPLEMENTED'
      exchange.blame(code)
      sendReply(res, code, { close: exchange.closing, requestId: exchange.shownId })
      return
    }
    if (hops !== null) countHop(headers, hops)
    const { origin, path } = target
    const relay = new Relay(req, res, {
      pool: this.pool,
      origin,
      path,
      headers,
      pseudonym,
      maxBodyBytes: this.#options.sizes.maxBodyBytes || Infinity,
      cleanTrailers: this.#cleanTrailers,
      reclaimer,
      owner: exchange,
    })
    exchange.work = relay
    relay.start()
  }

  async upgrade(
    exchange: Exchange,
    req: IncomingMessage,
    socket: Socket,
    head: Buffer,
    target: UpstreamRequest,
  ): Promise<void> {
    const { pseudonym, timeouts, closer, reclaimer, gate } = this.#options
    const headers = this.#headers(exchange, req, target)
    if (headers === null) {
      const answer = replyBytes('LOOP', { accept: req.headers.accept, requestId: exchange.shownId })
      closer.end(socket, answer)
      exchange.replied(answer)
      exchange.blame('LOOP')
      exchange.status = errorTable.LOOP.status
      exchange.finish(true)
      return
    }
    // Loaded on first use, as most workers never see an upgrade.
    this.#upgrader ??= import('../../http/upstream/upgrade.ts').then((module) => new module.Upgrader())
    const upgrader = await this.#upgrader
    if (socket.destroyed) {
      // The client left during the import, and its socket will emit nothing further.
      exchange.blameClient()
      exchange.finish(true)
      return
    }
    let onEnd = (_end: TunnelEnd): void => {
      exchange.blameClient()
      exchange.attemptEnded('CLIENT_ABORTED')
      exchange.finish(true)
    }
    exchange.dialled(target.origin, false)
    upgrader.run(req, socket, head, {
      origin: target.origin,
      path: target.path,
      headers,
      pseudonym,
      shownId: exchange.shownId,
      ...timeouts,
      closer,
      gate,
      reclaimer,
      counters: exchange.block,
      onConnected: (upstream) => exchange.connected(upstream),
      onFailed: (error, bodyBytes) => {
        exchange.attemptEnded(error.code)
        exchange.relayFailed(error.code, error.cause)
        exchange.repliedBytes = bodyBytes
        exchange.status = errorTable[error.code].status
        exchange.finish(exchange.status >= 500)
      },
      onAnswered: (status) => {
        exchange.takeOver(status)
        exchange.attemptEnded(null)
        onEnd = status === 101 ? countTunnel(exchange) : (end) => exchange.ended(end)
      },
      onBody: (bytes) => {
        exchange.repliedBytes += bytes
      },
      onEnd: (end) => onEnd(end),
    })
  }

  close(): void {
    this.pool.close()
  }

  #headers(exchange: Exchange, req: HttpRequest, target: UpstreamRequest): string[] | null {
    const { connection, provenance, requestId } = exchange
    const { subjectHeaders } = this.#options
    const headers = requestHeaders(req.rawHeaders, {
      host: target.host,
      hop: { for: this.#nameOf(connection), proto: connection.scheme, host: target.forwardedHost },
      forwarding: this.#forwarding,
      came: provenance,
      hidesAuthorization: this.#options.hidesAuthorization,
      requestId,
      protocol: req.httpVersionMajor === 2 ? '2.0' : req.httpVersionMinor === 0 ? '1.0' : '1.1',
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
