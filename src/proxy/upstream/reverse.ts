/** The reverse proxy service. */
import type { ReverseSettings } from '../../config/settings/settings.ts'
import type { HttpRequest, HttpResponse } from '../../http/message/message.ts'
import type { Transport } from '../../http/transport/transport.ts'
import type { Decision } from '../decide/decide.ts'
import { upstreamOf } from '../decide/target.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { Upstream, type UpstreamDeps, type UpstreamRequest } from './upstream.ts'

type ReverseDecision = Extract<Decision, { kind: 'reverse' }>

/**
 * The reverse service: sends every request to one target, below the target's path. Host stays the client's.
 */
export class Reverse {
  readonly #upstream: Upstream
  readonly #origin: string
  /** The target's path without a trailing slash. */
  readonly #basePath: string

  constructor(settings: ReverseSettings, deps: UpstreamDeps) {
    const { origin, basePath } = upstreamOf(settings.target)
    this.#origin = origin
    this.#basePath = basePath
    this.#upstream = new Upstream({
      ...settings,
      ...deps,
      hidesAuthorization: settings.auth?.forwards === false,
      gate: null,
    })
  }

  request(exchange: Exchange, req: HttpRequest, res: HttpResponse, decision: ReverseDecision): void {
    this.#upstream.request(exchange, req, res, this.#targetOf(decision))
  }

  upgrade(
    exchange: Exchange,
    request: HttpRequest,
    client: Transport,
    early: Buffer,
    decision: ReverseDecision,
  ): Promise<void> {
    return this.#upstream.upgrade(exchange, request, client, early, this.#targetOf(decision))
  }

  /** Closes all idle upstream connections. */
  dropIdle(): void {
    this.#upstream.pool.dropIdle()
  }

  close(): void {
    this.#upstream.close()
  }

  #targetOf({ authority, path }: ReverseDecision): UpstreamRequest {
    return {
      origin: this.#origin,
      path: this.#basePath + path,
      host: authority === '' ? undefined : authority,
      forwardedHost: authority,
    }
  }
}
