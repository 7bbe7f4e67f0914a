/**
 * The checks of a service before it serves a request.
 *
 *   identify: client and request id   (then the trace begins)
 *   a trusted peer names the client --nothing valid--> 400
 *   access list --no--> 403
 *        | yes
 *   authentication --missing, wrong--> 401 | 407 (forward)      --too many at once--> 503
 *        | yes
 *   a token of every rate limit that applies --no--> 429
 *        | yes
 *   as decided
 *
 * A wrong password takes a token too, so guessing is limited like any request.
 */
import type { ServiceSettings, ServiceType } from '../../config/settings/settings.ts'
import { NetworkSet } from '../../http/address/address.ts'
import { countOf, fieldOf } from '../../http/fields/lookup.ts'
import { type BelievedField, readProvenance } from '../../http/fields/provenance.ts'
import type { HttpRequest } from '../../http/message/message.ts'
import { count } from '../../telemetry/metrics/counters.ts'
import { requestField } from '../../telemetry/request-field.ts'
import { type Decision, pathOf, serviceOf } from '../decide/decide.ts'
import type { Connection } from '../exchange/connection.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { AccessList } from './access.ts'
import { Authenticator, type AuthResult } from './auth/authenticator.ts'
import { basicChallenge } from './auth/basic.ts'
import { clientOf } from './client-of.ts'
import { Rates } from './rates.ts'
import { accessRefusal, authRefusal, believedName, countsForRates, refusalDecision } from './refusals.ts'
import { RequestIds } from './request-ids.ts'

class Guard {
  readonly #trusted: NetworkSet | null
  readonly #believes: BelievedField
  readonly #ids: RequestIds | null
  readonly #access: AccessList | null
  readonly #auth: Authenticator | null
  readonly #challenge: string
  readonly #rates: Rates | null
  readonly #service: ServiceType

  constructor({ type, trust, access, auth, rates }: ServiceSettings, ids: RequestIds | null) {
    this.#ids = ids
    this.#service = type
    this.#auth = auth === null ? null : new Authenticator(auth)
    this.#challenge = auth === null ? '' : basicChallenge(auth.realm)
    this.#rates = rates === null ? null : new Rates(rates)
    this.#trusted = trust.proxies.length === 0 ? null : new NetworkSet(trust.proxies)
    this.#believes = trust.believes
    this.#access = access === null ? null : new AccessList(access)
  }

  /** Calls `then` with the decision for an identified request: the given one, or a refusal. */
  ask(exchange: Exchange, req: HttpRequest, decision: Decision, then: (judged: Decision) => void): void {
    const stranger = this.#misnamed(exchange) ?? accessRefusal(this.#service, this.#access, exchange.client)
    if (stranger !== null) then(stranger)
    else if (this.#auth === null) then(this.#limit(exchange, req, decision) ?? decision)
    else {
      this.#authenticate(exchange, req, this.#auth, (refusal, isCounted) => {
        const excess = isCounted ? this.#limit(exchange, req, decision) : null
        then(excess ?? refusal ?? decision)
      })
    }
  }

  close(): void {
    this.#auth?.close()
  }

  /**
   * Refuses a trusted peer's request whose client is unknown. Otherwise a client that makes its proxy send an
   * invalid field would pass under the proxy's address.
   */
  #misnamed(exchange: Exchange): Decision | null {
    if (exchange.provenance?.isBad !== true) return null
    exchange.reason = `${believedName(this.#believes)} of ${exchange.connection.peer} has no valid element`
    return refusalDecision(this.#service, 'BAD_FORWARDED')
  }

  #limit(exchange: Exchange, { fields }: HttpRequest, decision: Decision): Decision | null {
    if (this.#rates === null) return null
    const { client, user, method, response } = exchange
    const path = pathOf(decision, exchange.target)
    const verdict = this.#rates.ask({ client, user, method, path }, fields, performance.now())
    if (!verdict.isGranted) {
      count(exchange.block, 'rateLimited')
      exchange.reason = verdict.refusedBy?.join(' ') ?? null
      return refusalDecision(this.#service, 'RATE_LIMITED', verdict.fields)
    }
    for (let at = 0; at < verdict.fields.length; at += 2) {
      response?.setField(verdict.fields[at] as string, verdict.fields[at + 1] as string)
    }
    return null
  }

  /**
   * Calls `then` with a refusal or null, and with whether rate limits count the request. Asynchronous if a
   * password must be compared; `then` is not called if the client leaves meanwhile.
   */
  #authenticate(
    exchange: Exchange,
    { fields }: HttpRequest,
    auth: Authenticator,
    then: (refusal: Decision | null, isCounted: boolean) => void,
  ): void {
    const name = this.#service === 'forward' ? 'proxy-authorization' : 'authorization'
    // If the field is repeated, an upstream may read another one than this proxy.
    const field = countOf(fields, name) > 1 ? undefined : fieldOf(fields, name)
    const result = auth.check(field, clientOf(exchange.client))
    if (!(result instanceof Promise)) {
      then(this.#admit(exchange, result), countsForRates(result))
      return
    }
    result.then(
      (found) => {
        if (!endIfGone(exchange)) then(this.#admit(exchange, found), countsForRates(found))
      },
      (cause: unknown) => {
        if (endIfGone(exchange)) return
        exchange.relayFailed('INTERNAL', cause)
        then(refusalDecision(this.#service, 'INTERNAL'), false)
      },
    )
  }

  #admit(exchange: Exchange, result: AuthResult): Decision | null {
    if (typeof result === 'object') exchange.user = result.user
    return authRefusal(this.#service, result, this.#challenge)
  }

  /** Finds the client and assigns the request id. */
  identify(exchange: Exchange, { fields }: HttpRequest): void {
    if (this.#trusted !== null && this.#isTrusted(exchange.connection)) {
      exchange.isTrusted = true
      exchange.provenance = readProvenance(
        {
          forwarded: requestField(fields, 'forwarded'),
          forwardedFor: requestField(fields, 'x-forwarded-for'),
          forwardedProto: requestField(fields, 'x-forwarded-proto'),
          forwardedHost: requestField(fields, 'x-forwarded-host'),
        },
        this.#believes,
        exchange.connection.peer,
        this.#trusted,
      )
      exchange.client = exchange.provenance.client
    }
    if (this.#ids !== null)
      name(exchange, this.#ids, exchange.isTrusted ? requestField(fields, 'x-request-id') : undefined)
  }

  #isTrusted(connection: Connection): boolean {
    return this.#trusted?.hasPeer(connection.peer) === true
  }
}

/** The guards of a worker's services. */
export class Guards {
  readonly #byService: Partial<Record<ServiceType, Guard>>
  /** Ids for requests refused before their service is known; null if no service has request ids. */
  readonly #ids: RequestIds | null

  constructor(services: readonly ServiceSettings[]) {
    const asking = services.filter(
      ({ trust, requestId, access, auth, rates }) =>
        trust.proxies.length > 0 || [requestId, access, auth, rates].some((one) => one !== null),
    )
    const idsOf = ({ requestId }: ServiceSettings) => requestId && new RequestIds(requestId.inResponse)
    const guards = asking.map((service) => ({ service, ids: idsOf(service) }))
    this.#ids = guards.find(({ ids }) => ids !== null)?.ids ?? null
    this.#byService = Object.fromEntries(
      guards.map(({ service, ids }) => [service.type, new Guard(service, ids)]),
    )
  }

  /** Null if there is no service or it has no checks; such requests cost nothing here. */
  of(decision: Decision): Guard | null {
    const type = serviceOf(decision)
    return type === null ? null : (this.#byService[type] ?? null)
  }

  /** Identifies a request before its decision is carried out. Requests without a service get an id too. */
  identify(exchange: Exchange, req: HttpRequest, decision: Decision): void {
    if (serviceOf(decision) !== null) this.of(decision)?.identify(exchange, req)
    else if (this.#ids !== null) name(exchange, this.#ids, undefined)
  }

  /** An id for a failure that never became an exchange. */
  newId(): { readonly requestId: string | null; readonly shownId: string | null } {
    if (this.#ids === null) return unnamed
    const requestId = this.#ids.idFor(undefined)
    return { requestId, shownId: this.#ids.inResponse ? requestId : null }
  }

  close(): void {
    for (const guard of Object.values(this.#byService)) guard.close()
  }
}

/** Whether the exchange is over because the client left while its password was compared. */
function endIfGone(exchange: Exchange): boolean {
  if (exchange.response === null && exchange.connection.transport.isClosed) {
    exchange.blameClient()
    exchange.finish(true)
  }
  return exchange.isFinished
}

const unnamed = { requestId: null, shownId: null } as const

function name(exchange: Exchange, ids: RequestIds, came: string | undefined): void {
  exchange.requestId = ids.idFor(came)
  if (ids.inResponse) exchange.shownId = exchange.requestId
}
