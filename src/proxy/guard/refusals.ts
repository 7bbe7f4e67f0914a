/** The refusals of a service's guard. Pure, shared by the data plane and by explanations. */
import type { ServiceType } from '../../config/settings/settings.ts'
import type { ErrorCode } from '../../errors.ts'
import type { BelievedField } from '../../http/fields/provenance.ts'
import type { Decision } from '../decide/decide.ts'
import type { AccessList } from './access.ts'
import type { AuthResult } from './auth/authenticator.ts'

export const refusalDecision = (
  service: ServiceType,
  code: ErrorCode,
  fields: readonly string[] = [],
): Decision => ({
  kind: 'reply',
  code,
  service,
  fields,
})

export function accessRefusal(
  service: ServiceType,
  list: AccessList | null,
  client: string,
): Decision | null {
  return list?.admits(client) === false ? refusalDecision(service, 'FORBIDDEN_CLIENT') : null
}

/** Name of the field in which a trusted proxy reports the client. */
export const believedName = (believes: BelievedField): string =>
  believes === 'forwarded' ? 'Forwarded' : 'X-Forwarded-For'

/** `challenge`: value of the field that requests credentials. */
export function authRefusal(service: ServiceType, result: AuthResult, challenge: string): Decision | null {
  if (result === 'busy') return refusalDecision(service, 'AUTH_BUSY', ['Retry-After', '1'])
  if (typeof result === 'object') return null
  return service === 'forward'
    ? refusalDecision(service, 'PROXY_AUTH_REQUIRED', ['Proxy-Authenticate', challenge])
    : refusalDecision(service, 'AUTH_REQUIRED', ['WWW-Authenticate', challenge])
}

/** Whether rate limits count a request with this result. A wrong password counts as well. */
export const countsForRates = (result: AuthResult): boolean =>
  result === 'wrong' || typeof result === 'object'
