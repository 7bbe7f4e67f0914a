/**
 * Explains why a request got its answer, from its record, its worker's settings and its chart. Pure.
 *
 *   refused request -> rule or limit, with its setting -> state of the chart -> the move that led there -> remedy
 */

import type { ServiceSettings, WorkerSettings } from '../../../config/settings/settings.ts'
import { type ErrorCode, errorTable } from '../../../errors.ts'
import type { Explanation } from '../../../proxy/explain/explain.ts'
import { remedies } from '../../../remedies.ts'
import { serviceNames } from '../../../service-names.ts'
import type { NamedRecord } from '../../../supervise/views/traffic-desk.ts'
import { causes, meaning } from './chart-words.ts'
import { destinationRule, type RuleWords, tunnelRule } from './rule-words.ts'

export interface ChainLink {
  readonly about: 'request' | 'rule' | 'state' | 'cause' | 'right'
  readonly text: string
  readonly setting: string | null
  readonly actor: string | null
  readonly seq: number | null
  readonly at: number | null
}

/** A move of the chart that admits connections. */
export interface ChainMove {
  readonly seq: number
  readonly at: number
  readonly event: string
  readonly from: string | null
  readonly to: string
}

export interface Facts {
  readonly record: NamedRecord
  readonly worker: WorkerSettings
  /** Id of the chart that admits connections. */
  readonly actor: string
  /** Oldest first. */
  readonly moves: readonly ChainMove[]
  /** Explanation of the same request; null if there was no request. */
  readonly explanation: Explanation | null
}

/** A move may reach main slightly later than the record that it precedes. */
const slackMs = 250

export function whyChain(facts: Facts): readonly ChainLink[] {
  const { record } = facts
  return [requestLink(record), ...rules(facts), ...states(facts), ...right(record)]
}

const link = (about: ChainLink['about'], text: string, setting: string | null = null): ChainLink => ({
  about,
  text,
  setting,
  actor: null,
  seq: null,
  at: null,
})

function requestLink({
  instance,
  at,
  client,
  method,
  target,
  status,
  code,
  upstream,
  durationMs,
}: NamedRecord): ChainLink {
  const what =
    method === null
      ? code === 'OVER_LIMIT'
        ? `${instance} refused a connection of ${client} before reading from it`
        : `${client} sent ${instance} no valid request`
      : `${method} ${target} from ${client} at ${instance}`
  const from = code === null && upstream !== null ? ` by ${upstream}` : ''
  const answer =
    status === 0
      ? 'ended without an answer'
      : `was answered ${status}${code === null ? '' : ` ${code}`}${from}`
  const text =
    method === null && code === 'OVER_LIMIT'
      ? `${what}; it ${answer}.`
      : `${what} ${method === null ? `and ${answer}` : answer}, after ${durationMs} ms.`
  return { ...link('request', text), at }
}

/** The services whose settings apply: the record's own, or all if its service is unknown. */
function servicesOf({ record, worker }: Facts): readonly ServiceSettings[] {
  const own = worker.services.filter(({ type }) => type === record.service)
  return own.length > 0 ? own : worker.services
}

function rules(facts: Facts): readonly ChainLink[] {
  const { record, explanation } = facts
  const code = record.code as ErrorCode | null
  const settings = (inside: string, text: string) =>
    servicesOf(facts).map(({ type }) => link('rule', text, `workers.${serviceNames[type].key}.${inside}`))
  switch (code) {
    case null:
      return record.termination === 'LT' ? ruled(tunnelRule(record.reason), settings) : answered(facts)
    case 'OVER_LIMIT':
    case 'DRAINING':
      return doorRules(facts, settings)
    case 'RATE_LIMITED':
      return rateRules(facts)
    case 'REQUEST_TIMEOUT':
      return record.method === null
        ? settings('timeouts.header_secs', 'The rest of the request head did not arrive in time.')
        : settings(
            'timeouts.body_idle_secs',
            'The rest of the request did not arrive in time, or arrived too slowly.',
          )
    case 'CLIENT_STALLED':
      return settings('timeouts.body_idle_secs', 'The client read its response too slowly.')
    case 'EXCHANGE_TIMEOUT':
      return settings('timeouts.exchange_secs', 'The exchange exceeded its time limit.')
    case 'UPSTREAM_TIMEOUT':
      return settings('timeouts.response_secs', `${upstreamOf(record)} did not answer in time.`)
    case 'UPSTREAM_CONNECT_TIMEOUT':
      return settings(
        'resource_limits.connection_timeout_secs',
        `${upstreamOf(record)} did not accept the connection in time.`,
      )
    case 'UPSTREAM_REFUSED':
    case 'UPSTREAM_UNRESOLVED':
    case 'UPSTREAM_BROKEN':
      return upstreamRules(facts)
    case 'CLIENT_ABORTED':
      return [
        link('rule', `The client closed its connection (${record.termination}); the proxy refused nothing.`),
      ]
    case 'CLOSED_BY_OPERATOR':
      return [
        link(
          'rule',
          'An operator closed the connection through the admin interface; the log names the operator.',
        ),
      ]
    case 'LOOP':
      return [link('rule', 'Its Via field names this proxy, so the request looped.', targetSetting(facts))]
    case 'BAD_FORWARDED':
      return settings(
        'trusted_proxies',
        'A trusted proxy sent the field that names its client, but without a valid address, so the client is unknown.',
      )
    case 'AUTH_REQUIRED':
    case 'PROXY_AUTH_REQUIRED':
      return settings('auth', 'The request has no credentials, or the user or the password is wrong.')
    case 'AUTH_BUSY':
      return settings('auth', 'Too many passwords were being checked.')
    case 'FORBIDDEN_DESTINATION':
    case 'FORBIDDEN_PORT':
      return ruled(destinationRule(record.reason), settings)
    case 'HEAD_TOO_LARGE':
      // A record with a method had a complete head. Over HTTP/1.1 only the number of fields can be wrong
      // then.
      if (record.method !== null && record.version !== 20) break
      return settings('request_limits.max_header_size', 'The request head exceeded its size limit.')
    case 'TARGET_TOO_LONG':
      return settings('request_limits.max_target_size', 'The request target exceeded its length limit.')
    case 'BODY_TOO_LARGE':
      return settings('request_limits.max_body_size', 'The body exceeded its size limit.')
    default:
      break
  }
  const refusing = explanation?.outcome.code === code ? explanation.steps : []
  const deciding = refusing.filter(({ isRefusal, about }) => isRefusal && about !== 'answer')
  if (deciding.length > 0) return deciding.map(({ text, setting }) => link('rule', text, setting))
  const { reason } = record
  return [link('rule', `${errorTable[code].message}${reason === null ? '' : ` (${reason})`}`)]
}

type Settings = (inside: string, text: string) => readonly ChainLink[]

const ruled = ({ key, text }: RuleWords, settings: Settings) => settings(key, text)

function doorRules({ record, worker }: Facts, settings: Settings): readonly ChainLink[] {
  const { code, reason, state, exceeded } = record
  if (code === 'DRAINING' || state.startsWith('draining'))
    return [
      link(
        'rule',
        'The instance was draining: it finishes running exchanges and accepts nothing new.',
        'drain_timeout_secs',
      ),
    ]
  if (reason === 'client') {
    const text = `The client reached its limit of connections: ${worker.maxConnectionsPerClient ?? '-'}, over ${worker.instances} instances.`
    return settings('max_connections_per_client', text)
  }
  if (reason === 'descriptors') {
    return [link('rule', 'File descriptors of the process were scarce, and the instance had used its share.')]
  }
  if (state === 'degraded') {
    const overloaded = exceeded.length === 0 ? 'Memory or CPU was above its limit' : exceeded.join(' and ')
    const text = `${overloaded}, so nothing new was admitted.`
    return exceeded.join(' ').includes('cpu')
      ? settings('resource_limits.max_cpu_percent', text)
      : settings('resource_limits.max_memory_mb', text)
  }
  return settings('resource_limits.max_connections', 'The instance reached its limit of connections.')
}

function rateRules({ record, explanation }: Facts): readonly ChainLink[] {
  const refusing = new Set(record.reason?.split(' ') ?? [])
  const steps = explanation?.steps.filter(({ about }) => about === 'rate') ?? []
  const named = steps.filter(({ text }) => [...refusing].some((id) => text.includes(`"${id}"`)))
  const shown = named.length > 0 ? named : steps
  return shown.length > 0
    ? shown.map(({ text, setting }) => link('rule', `No token was left. ${text}`, setting))
    : [link('rule', `No token of a rate limit was left (${[...refusing].join(', ')}).`)]
}

function upstreamRules(facts: Facts): readonly ChainLink[] {
  const { record } = facts
  const times = record.attempts > 1 ? ` There were ${record.attempts} attempts.` : ''
  const cause = record.reason === null ? errorTable[record.code as ErrorCode].message : `${record.reason}.`
  return [link('rule', `${upstreamOf(record)}: ${cause}${times}`, targetSetting(facts))]
}

const upstreamOf = ({ upstream }: NamedRecord): string =>
  upstream === null ? 'The upstream' : `The upstream ${upstream}`

const targetSetting = ({ record }: Facts): string | null =>
  record.service === 'reverse' ? 'workers.reverse_proxy.target' : null

/** Describes answers that the proxy did not refuse: an upstream's, or one about a file. */
function answered({ record, explanation }: Facts): readonly ChainLink[] {
  const { status, service, upstream } = record
  if (service !== 'static') {
    const text =
      status >= 400
        ? `The response comes from the upstream${upstream === null ? '' : ` ${upstream}`} and was passed on unchanged.`
        : 'Nothing was refused.'
    return [link('rule', text, status >= 400 ? 'workers.reverse_proxy.target' : null)].map((one) =>
      service === 'reverse' ? one : { ...one, setting: null },
    )
  }
  const route = explanation?.steps.filter(({ about }) => about === 'route') ?? []
  const texts: Readonly<Record<number, string>> = {
    403: 'The file is not readable, or is outside its mount.',
    404: 'The mount has no such file.',
    412: 'A condition of the request (If-Match, If-Unmodified-Since) is not met by the file.',
    416: 'The range is outside the file.',
    503: 'The file could not be opened, because file descriptors were scarce.',
  }
  const text =
    texts[status] ?? (status >= 400 ? 'The file could not be served in this way.' : 'Nothing was refused.')
  return [...route.map((one) => link('rule', one.text, one.setting)), link('rule', text)]
}

/** The recorded state, and the move that led there. */
function states({ record, actor, moves }: Facts): readonly ChainLink[] {
  const { state, at } = record
  const isAbout = record.code === 'OVER_LIMIT' || record.code === 'DRAINING' || state !== 'accepting'
  if (state === '' || !isAbout) return []
  const before = moves.filter((move) => move.from !== move.to && move.at <= at + slackMs)
  const entered = before.findLast((move) => move.to === state)
  const means = meaning.get(state)
  const description = `The chart ${actor} was ${state}${means === undefined ? '' : `: ${means}`}.`
  const stateLink: ChainLink = { ...link('state', description), actor, at }
  if (entered === undefined) return [stateLink]
  const from = entered.from === null ? 'its start' : entered.from
  const cause = causes.get(entered.event) ?? `the event ${entered.event}`
  const text = `It entered that state from ${from} by ${entered.event}: ${cause}.`
  return [
    { ...stateLink, at: entered.at },
    { ...link('cause', text), actor, seq: entered.seq, at: entered.at },
  ]
}

function right({ code, status, termination }: NamedRecord): readonly ChainLink[] {
  if (code !== null) return [link('right', remedies[code as ErrorCode])]
  if (termination === 'LT') {
    return [link('right', 'Raise that limit, or send data more often, for example WebSocket pings.')]
  }
  return status >= 400 ? [link('right', 'Check the upstream or the file: the proxy refused nothing.')] : []
}
