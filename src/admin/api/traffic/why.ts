/**
 * Why a request was answered as it was: from what is known of it, of the worker that had it, and of its chart. Pure.
 *
 *   what was refused -> rule or limit, with its setting -> state of the chart -> the move that led there -> what would be right
 */

import type { ServiceSettings, WorkerSettings } from '../../../config/settings/settings.ts'
import { type ErrorCode, errorTable } from '../../../errors.ts'
import type { Explanation } from '../../../proxy/explain/explain.ts'
import { remedies } from '../../../remedies.ts'
import { serviceNames } from '../../../service-names.ts'
import type { NamedRecord } from '../../../supervise/views/traffic-desk.ts'
import { causes, meaning } from './chart-words.ts'
import { destinationRule, type RuleWords, tunnelRule } from './rule-words.ts'

export interface Link {
  readonly about: 'request' | 'rule' | 'state' | 'cause' | 'right'
  readonly text: string
  readonly setting: string | null
  readonly actor: string | null
  readonly seq: number | null
  readonly at: number | null
}

/** A move of the chart that admits. */
export interface StateMove {
  readonly seq: number
  readonly at: number
  readonly event: string
  readonly from: string | null
  readonly to: string
}

export interface Facts {
  readonly record: NamedRecord
  readonly worker: WorkerSettings
  /** Id of the chart that admits. */
  readonly actor: string
  /** Oldest first. */
  readonly moves: readonly StateMove[]
  /** Of the same request; null for what was none. */
  readonly explanation: Explanation | null
}

/** What an instance tells of a move may be on its way while the record is made. */
const slackMs = 250

export function why(facts: Facts): readonly Link[] {
  const { record } = facts
  return [requestLink(record), ...rules(facts), ...states(facts), ...right(record)]
}

const link = (about: Link['about'], text: string, setting: string | null = null): Link => ({
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
}: NamedRecord): Link {
  const what =
    method === null
      ? code === 'OVER_LIMIT'
        ? `A connection of ${client} was refused by ${instance} before anything of it was read`
        : `What ${client} sent to ${instance} never became a request`
      : `${method} ${target} of ${client} at ${instance}`
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

/** The services whose settings count: its own, or all where it is not known whose it is. */
function servicesOf({ record, worker }: Facts): readonly ServiceSettings[] {
  const own = worker.services.filter(({ type }) => type === record.service)
  return own.length > 0 ? own : worker.services
}

function rules(facts: Facts): readonly Link[] {
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
        ? settings('timeouts.header_secs', 'The rest of the request head did not come in time.')
        : settings(
            'timeouts.body_idle_secs',
            'The rest of the request did not come in time, or came too slowly.',
          )
    case 'CLIENT_STALLED':
      return settings('timeouts.body_idle_secs', 'The client took nothing of its answer for too long.')
    case 'EXCHANGE_TIMEOUT':
      return settings('timeouts.exchange_secs', 'The exchange took longer than one may.')
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
        link('rule', `The client ended its connection (${record.termination}); nothing here has refused it.`),
      ]
    case 'CLOSED_BY_OPERATOR':
      return [link('rule', 'Its connection was closed through the admin interface; the log says by whom.')]
    case 'LOOP':
      return [
        link(
          'rule',
          'Its Via field names this proxy: the request has come round in a circle.',
          targetSetting(facts),
        ),
      ]
    case 'BAD_FORWARDED':
      return settings(
        'trusted_proxies',
        'A trusted proxy has sent the field that names its client, and nothing in the field is valid, so the client is not known.',
      )
    case 'AUTH_REQUIRED':
    case 'PROXY_AUTH_REQUIRED':
      return settings('auth', 'It named no user, or the user or the password is wrong.')
    case 'AUTH_BUSY':
      return settings('auth', 'As many passwords were being compared as may be at once.')
    case 'FORBIDDEN_DESTINATION':
    case 'FORBIDDEN_PORT':
      return ruled(destinationRule(record.reason), settings)
    case 'HEAD_TOO_LARGE':
      // With a method it has been read as a whole: over HTTP/1.1 only the number of its fields can be wrong then.
      if (record.method !== null && record.version !== 20) break
      return settings('request_limits.max_header_size', 'The request head was larger than it may be.')
    case 'TARGET_TOO_LONG':
      return settings('request_limits.max_target_size', 'The request target was longer than it may be.')
    case 'BODY_TOO_LARGE':
      return settings('request_limits.max_body_size', 'The body was larger than it may be.')
    default:
      break
  }
  const refusing = explanation?.outcome.code === code ? explanation.steps : []
  const deciding = refusing.filter(({ isRefusal, about }) => isRefusal && about !== 'answer')
  if (deciding.length > 0) return deciding.map(({ text, setting }) => link('rule', text, setting))
  const { reason } = record
  return [link('rule', `${errorTable[code].message}${reason === null ? '' : ` (${reason})`}`)]
}

type Settings = (inside: string, text: string) => readonly Link[]

const ruled = ({ key, text }: RuleWords, settings: Settings) => settings(key, text)

function doorRules({ record, worker }: Facts, settings: Settings): readonly Link[] {
  const { code, reason, state, exceeded } = record
  if (code === 'DRAINING' || state.startsWith('draining'))
    return [
      link(
        'rule',
        'The instance was draining: it finishes what runs and takes nothing new.',
        'drain_timeout_secs',
      ),
    ]
  if (reason === 'client') {
    const text = `The client had as many connections open as one client may: ${worker.maxConnectionsPerClient ?? '-'}, over ${worker.instances} instances.`
    return settings('max_connections_per_client', text)
  }
  if (reason === 'descriptors') {
    return [
      link(
        'rule',
        'File descriptors of its process were scarce, and the instance had its share of connections.',
      ),
    ]
  }
  if (state === 'degraded') {
    const said = exceeded.length === 0 ? 'Memory or CPU was above its limit' : exceeded.join(' and ')
    const text = `${said}, so nothing new was admitted.`
    return exceeded.join(' ').includes('cpu')
      ? settings('resource_limits.max_cpu_percent', text)
      : settings('resource_limits.max_memory_mb', text)
  }
  return settings(
    'resource_limits.max_connections',
    'As many connections were open as the instance may have.',
  )
}

function rateRules({ record, explanation }: Facts): readonly Link[] {
  const refusing = new Set(record.reason?.split(' ') ?? [])
  const steps = explanation?.steps.filter(({ about }) => about === 'rate') ?? []
  const named = steps.filter(({ text }) => [...refusing].some((id) => text.includes(`"${id}"`)))
  const shown = named.length > 0 ? named : steps
  return shown.length > 0
    ? shown.map(({ text, setting }) => link('rule', `No token was left. ${text}`, setting))
    : [link('rule', `No token of a rate limit was left (${[...refusing].join(', ')}).`)]
}

function upstreamRules(facts: Facts): readonly Link[] {
  const { record } = facts
  const times = record.attempts > 1 ? ` It was tried ${record.attempts} times.` : ''
  const cause = record.reason === null ? errorTable[record.code as ErrorCode].message : `${record.reason}.`
  return [link('rule', `${upstreamOf(record)}: ${cause}${times}`, targetSetting(facts))]
}

const upstreamOf = ({ upstream }: NamedRecord): string =>
  upstream === null ? 'The upstream' : `The upstream ${upstream}`

const targetSetting = ({ record }: Facts): string | null =>
  record.service === 'reverse' ? 'workers.reverse_proxy.target' : null

/** What is no failure of ours: an upstream's answer, or one about a file. */
function answered({ record, explanation }: Facts): readonly Link[] {
  const { status, service, upstream } = record
  if (service !== 'static') {
    const text =
      status >= 400
        ? `The answer is the upstream's own; it was passed on as it came from ${upstream ?? 'there'}.`
        : 'Nothing was refused.'
    return [link('rule', text, status >= 400 ? 'workers.reverse_proxy.target' : null)].map((one) =>
      service === 'reverse' ? one : { ...one, setting: null },
    )
  }
  const route = explanation?.steps.filter(({ about }) => about === 'route') ?? []
  const texts: Readonly<Record<number, string>> = {
    403: 'The file may not be read, or lies outside of its mount.',
    404: 'Below the mount there is no such file.',
    412: 'A condition of the request (If-Match, If-Unmodified-Since) is not met by the file.',
    416: 'The range lies outside of the file.',
    503: 'The file could not be opened just then: descriptors were scarce.',
  }
  const text = texts[status] ?? (status >= 400 ? 'The file could not be served so.' : 'Nothing was refused.')
  return [...route.map((one) => link('rule', one.text, one.setting)), link('rule', text)]
}

/** The state that the record names, and the move that led there. */
function states({ record, actor, moves }: Facts): readonly Link[] {
  const { state, at } = record
  const isAbout = record.code === 'OVER_LIMIT' || record.code === 'DRAINING' || state !== 'accepting'
  if (state === '' || !isAbout) return []
  const before = moves.filter((move) => move.from !== move.to && move.at <= at + slackMs)
  const entered = before.findLast((move) => move.to === state)
  const means = meaning.get(state)
  const says = `The chart ${actor} was ${state}${means === undefined ? '' : `: ${means}`}.`
  const stateLink: Link = { ...link('state', says), actor, at }
  if (entered === undefined) return [stateLink]
  const from = entered.from === null ? 'its start' : entered.from
  const cause = causes.get(entered.event) ?? `the event ${entered.event}`
  const text = `It came there from ${from} by ${entered.event}: ${cause}.`
  return [
    { ...stateLink, at: entered.at },
    { ...link('cause', text), actor, seq: entered.seq, at: entered.at },
  ]
}

function right({ code, status, termination }: NamedRecord): readonly Link[] {
  if (code !== null) return [link('right', remedies[code as ErrorCode])]
  if (termination === 'LT') {
    return [
      link('right', 'Raise that limit, or send something more often, such as the pings of a WebSocket.'),
    ]
  }
  return status >= 400 ? [link('right', 'Look at what answers there: nothing here has refused it.')] : []
}
