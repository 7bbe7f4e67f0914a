/**
 * Explains which part of a worker would serve a request, and why. The outcome comes from the functions that
 * serve (`decide`, the access list, the guard's refusals, the destination rules), and each step names the
 * setting it follows from. No name is resolved.
 *
 *   target -> host -> service -> route -> size -> access list -> authentication -> rate limits -> destination -> connections -> answer
 */
import type { ServiceSettings, ServiceType, WorkerSettings } from '../../config/settings/settings.ts'
import { type ErrorCode, errorTable } from '../../errors.ts'
import { readIpAddress } from '../../http/address/address.ts'
import { createPolicy, type Decision, decide, type Head, pathOf, serviceOf } from '../decide/decide.ts'
import { AccessList } from '../guard/access.ts'
import type { AuthResult } from '../guard/auth/authenticator.ts'
import { readRatePath } from '../guard/rate-path.ts'
import { ruleApplies } from '../guard/rates.ts'
import {
  accessRefusal,
  authRefusal,
  believedName,
  countsForRates,
  refusalDecision,
} from '../guard/refusals.ts'
import { readStaticPath } from '../static/path.ts'
import { judgeDestination } from './destination.ts'
import { hostStep, sizeStep, targetStep } from './head.ts'
import { routeSteps, serviceStep, toOf } from './route.ts'
import { clip, type ExplanationStep, entryOf, settingOf } from './step.ts'

export interface ExplainedRequest {
  readonly method: string
  /** The request target, as in the request line. */
  readonly url: string
  /** The Host field; undefined if it is missing. */
  readonly host: string | undefined
  /** The client's address. */
  readonly client: string
  /** The user of its credentials, which are assumed to be right; null if it has none. */
  readonly user: string | null
  /** How texts show the user; default: the name itself. */
  readonly shownUser?: string
  /** Default: 11. */
  readonly version?: number
  /** Content-Length. */
  readonly length?: number | undefined
  readonly isUpgrade?: boolean
  /** A trusted proxy sent the field that names the client, without a valid element. */
  readonly isMisnamed?: boolean
}

export interface Outcome {
  readonly kind: Decision['kind']
  readonly service: ServiceType | null
  /** Null if the request is served. */
  readonly code: ErrorCode | null
  /** Status of a refusal; 0 if the request is served, as the upstream or the file then decides. */
  readonly status: number
  /** The upstream URL, `host:port` of a tunnel, or the file. */
  readonly to: string | null
}

export interface Explanation {
  readonly worker: string
  readonly outcome: Outcome
  readonly steps: readonly ExplanationStep[]
}

/** `ownPorts`: ports this daemon listens on. */
export function explain(
  question: ExplainedRequest,
  worker: WorkerSettings,
  ownPorts: readonly number[] = [],
): Explanation {
  const policy = createPolicy(worker.services)
  const head = headOf(question)
  const decided = decide(head, policy)
  const type = serviceOf(decided)
  const service = worker.services.find((one) => one.type === type)
  const target = targetStep(head, policy, worker, decided)
  const host = target.isRefusal ? null : hostStep(head, decided)
  const steps: ExplanationStep[] = [
    target,
    host,
    serviceStep(head, decided, worker),
    ...routeSteps(head, decided, worker),
    sizeStep(question.length, decided, service),
  ].flatMap((step) => step ?? [])
  const guarding: ExplanationStep[] = []
  const admitted = service === undefined ? decided : judge(question, decided, service, guarding)
  const destination = service === undefined ? null : judgeDestination(admitted, service, ownPorts)
  if (destination !== null) guarding.push(destination.step)
  const judged = destination?.refusal ?? admitted
  // If the guard rejects the client, don't reveal whether the route exists.
  const isTurnedAway = judged !== decided
  const before = isTurnedAway ? steps.map((step) => ({ ...step, isRefusal: false })) : steps
  const all = [...before, ...guarding]
  const outcome = outcomeOf(judged, worker)
  if (outcome.code === null && service !== undefined) all.push(roomStep(service))
  return { worker: worker.name, outcome, steps: [...all, answerStep(outcome)] }
}

/** The head that `decide` would receive. */
export function headOf({
  method,
  url,
  host,
  version = 11,
  length,
  isUpgrade = false,
}: ExplainedRequest): Head {
  const isStream = version === 20
  return {
    method,
    url,
    host,
    hosts: host === undefined ? 0 : 1,
    ...(isStream ? { stream: { bytes: 0, authority: host, isMalformed: false } } : {}),
    isUpgrade,
    version,
    coding: undefined,
    expect: undefined,
    fields: 1,
    length: length ?? -1,
  }
}

/**
 * Applies the service's guard to the decision, in the guard's order. Rate limits are assumed to have a token
 * left.
 */
function judge(
  question: ExplainedRequest,
  decided: Decision,
  service: ServiceSettings,
  steps: ExplanationStep[],
): Decision {
  const { type, access, auth } = service
  const { client } = question
  const misnamed = question.isMisnamed === true ? refusalDecision(type, 'BAD_FORWARDED') : null
  steps.push(...clientSteps(service, misnamed !== null))
  if (misnamed !== null) return misnamed
  const stranger = accessRefusal(type, access === null ? null : new AccessList(access), client)
  steps.push(accessStep(client, service, stranger !== null))
  if (stranger !== null) return stranger
  const result = auth === null ? null : authResult(question, auth)
  const refusal = result === null ? null : authRefusal(type, result, '')
  steps.push(authStep(question, service, result))
  if (result === null || countsForRates(result)) steps.push(...rateSteps(question, decided, service))
  return refusal ?? decided
}

function authResult({ user }: ExplainedRequest, auth: NonNullable<ServiceSettings['auth']>): AuthResult {
  if (user === null) return 'missing'
  return auth.users.some(({ name }) => name === user) ? { user } : 'wrong'
}

/** How the client's address is found; empty if no proxy is trusted. */
function clientSteps({ type, trust }: ServiceSettings, isRefusal: boolean): readonly ExplanationStep[] {
  if (trust.proxies.length === 0) return []
  const field = believedName(trust.believes)
  const text = isRefusal
    ? `The peer is a trusted proxy, but its ${field} has no valid element, so the client is unknown.`
    : `If the peer is a trusted proxy, its ${field} names the client; a field without a valid element is answered with 400.`
  return [{ about: 'access', text, setting: settingOf(type, 'trusted_proxies'), isRefusal }]
}

function accessStep(client: string, service: ServiceSettings, isRefused: boolean): ExplanationStep {
  const { access } = service
  const about = 'access'
  if (access === null) {
    const text = `Every client may use the ${service.type} service: it has no access list.`
    return { about, text, setting: settingOf(service.type, 'access'), isRefusal: false }
  }
  const bits = readIpAddress(client)
  const denied = entryOf(access.deny, bits)
  const allowed = entryOf(access.allow, bits)
  const setting = (end: string) => settingOf(service.type, `access.${end}`)
  if (denied !== -1)
    return {
      about,
      text: `The client ${client} is denied: it is in ${access.deny[denied]}, and deny wins over allow.`,
      setting: setting(`deny[${denied}]`),
      isRefusal: isRefused,
    }
  if (allowed !== -1)
    return {
      about,
      text: `The client ${client} is allowed: it is in ${access.allow[allowed]}.`,
      setting: setting(`allow[${allowed}]`),
      isRefusal: isRefused,
    }
  return access.allow.length === 0
    ? { about, text: `The client ${client} is not denied.`, setting: setting('deny'), isRefusal: isRefused }
    : {
        about,
        text: `The client ${client} is not in an allowed network.`,
        setting: setting('allow'),
        isRefusal: isRefused,
      }
}

function authStep(
  { user, shownUser }: ExplainedRequest,
  { type, auth }: ServiceSettings,
  result: AuthResult | null,
): ExplanationStep {
  const setting = settingOf(type, 'auth')
  if (auth === null || result === null)
    return { about: 'auth', text: 'This service requires no password.', setting, isRefusal: false }
  const text =
    typeof result === 'object'
      ? `The user ${clip(shownUser ?? result.user)} exists; the password is assumed to be right.`
      : user === null
        ? 'Authentication is required, but the request has no credentials.'
        : 'The user name or the password is wrong.'
  return { about: 'auth', text, setting, isRefusal: typeof result !== 'object' }
}

function rateSteps(
  question: ExplainedRequest,
  decided: Decision,
  { type, rates }: ServiceSettings,
): readonly ExplanationStep[] {
  const none = (text: string): readonly ExplanationStep[] => [
    { about: 'rate', text, setting: settingOf(type, 'rate_limiting'), isRefusal: false },
  ]
  if (rates === null) return none('There are no rate limits.')
  const path = readRatePath(pathOf(decided, question.url))
  const applying = rates.rules.flatMap((rule, at) =>
    ruleApplies(rule, question.method, path) ? [{ rule, at }] : [],
  )
  if (applying.length === 0) return none('No rate limit applies to this method and path.')
  return applying.map(({ rule, at }) => {
    const by =
      rule.key === 'client'
        ? `client ${question.client}`
        : rule.key === 'user' && question.user !== null
          ? `user ${clip(question.shownUser ?? question.user)}`
          : rule.key === 'header'
            ? `the value of ${rule.header}, or by client if it is missing`
            : `client ${question.client}`
    const seconds = rule.windowMs / 1000
    const text = `The rate limit "${rule.id}" counts the request by ${by}: ${rule.quota} in ${seconds} s, ${rule.burst} at once; without a token left the answer is 429.${
      rule.pathPrefix !== null && path === 'every'
        ? ' Servers may read this path differently, so it counts for every path.'
        : ''
    }`
    return { about: 'rate', text, setting: rateSetting(type, rates.rules, at), isRefusal: false }
  })
}

/** `rules` starts with the default limit, if there is one. */
function rateSetting(type: ServiceType, rules: readonly { readonly id: string }[], at: number): string {
  const hasDefault = rules[0]?.id === 'default'
  if (hasDefault && at === 0) return settingOf(type, 'rate_limiting.default_limit')
  return settingOf(type, `rate_limiting.rules[${hasDefault ? at - 1 : at}]`)
}

function roomStep({ type, maxConnections }: ServiceSettings): ExplanationStep {
  return {
    about: 'room',
    text: `The connection must be admitted first: the ${type} service accepts ${maxConnections} at once.`,
    setting: settingOf(type, 'resource_limits.max_connections'),
    isRefusal: false,
  }
}

function outcomeOf(judged: Decision, worker: WorkerSettings): Outcome {
  const service = serviceOf(judged)
  if (judged.kind === 'reply') return refused(judged.code, service)
  if (judged.kind === 'static') {
    const path = readStaticPath(judged.path, judged.mount.path)
    if (typeof path === 'string') return refused(path, service)
  }
  return { kind: judged.kind, service, code: null, status: 0, to: toOf(judged, worker) }
}

const refused = (code: ErrorCode, service: ServiceType | null): Outcome => ({
  kind: 'reply',
  service,
  code,
  status: errorTable[code].status,
  to: null,
})

function answerStep({ code, status, kind, to }: Outcome): ExplanationStep {
  const verbs = { forward: 'is sent to', reverse: 'is sent to', tunnel: 'becomes a tunnel to', static: 'is' }
  const text =
    code === null && kind !== 'reply'
      ? kind === 'static'
        ? `The answer is the file ${to}, if it exists.`
        : `The request ${verbs[kind]} ${to}.`
      : `The answer is ${status} ${code}: ${code === null ? '' : errorTable[code].message}`
  return { about: 'answer', text, setting: null, isRefusal: code !== null }
}
