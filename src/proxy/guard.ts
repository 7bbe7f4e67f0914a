/** What a service asks of every request before it is served: where it comes from, and under which id. */
import { randomBytes } from 'node:crypto'
import type { ServiceSettings } from '../config/settings.ts'
import { NetworkSet, readAddress } from '../http/address.ts'
import { type BelievedField, clientAddress, nodesOf } from '../http/forwarded.ts'
import type { HttpRequest } from '../http/message.ts'
import type { Connection } from './connection.ts'
import type { Exchange } from './exchange.ts'

export class Guard {
  readonly #trusted: NetworkSet | null
  readonly #believes: BelievedField
  readonly #ids: RequestIds | null

  constructor({ trust, requestId }: ServiceSettings) {
    this.#trusted = trust.proxies.length === 0 ? null : new NetworkSet(trust.proxies)
    this.#believes = trust.believes
    this.#ids = requestId === null ? null : new RequestIds(requestId.inResponse)
  }

  /** Finds out whose request it is, and names it. */
  identify(exchange: Exchange, { headers }: HttpRequest): void {
    if (this.#trusted !== null && this.#isTrusted(exchange.connection)) {
      exchange.isTrusted = true
      const field = this.#believes === 'forwarded' ? headers.forwarded : headers['x-forwarded-for']
      const nodes = nodesOf(text(field), this.#believes)
      exchange.client = clientAddress(exchange.connection.peer, nodes, this.#trusted)
    }
    if (this.#ids !== null) {
      exchange.requestId = this.#ids.idFor(exchange.isTrusted ? text(headers['x-request-id']) : undefined)
      if (this.#ids.inResponse) exchange.shownId = exchange.requestId
    }
  }

  #isTrusted(connection: Connection): boolean {
    const bits = readAddress(connection.peer)
    return bits !== null && this.#trusted?.has(bits) === true
  }
}

/** The guard of a service; null when it asks nothing, which costs nothing. */
export function guardOf(settings: ServiceSettings): Guard | null {
  const asks = settings.trust.proxies.length > 0 || settings.requestId !== null
  return asks ? new Guard(settings) : null
}

/** Ids that no other instance makes: a random beginning and a count. Who has seen one can guess others, so they are no secret. */
class RequestIds {
  readonly inResponse: boolean
  readonly #prefix = randomBytes(9).toString('base64url')
  #count = 0

  constructor(inResponse: boolean) {
    this.inResponse = inResponse
  }

  /** The id that came, when it is one that can be logged and sent on as it is; else a new one. */
  idFor(came: string | undefined): string {
    if (came !== undefined && usable.test(came)) return came
    this.#count += 1
    return `${this.#prefix}-${this.#count.toString(36)}`
  }
}

const usable = /^[\w.:/+=@~-]{1,128}$/

const text = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value
