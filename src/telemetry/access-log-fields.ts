/** The fields of an access log line, by the names that templates and JSON know them by. */
import { maskAuthority, maskUrl } from './access-log-escape.ts'
import type { AccessRecord } from './access-record.ts'

/** Null for what is not known, or was not there. */
export type Value = string | number | boolean | null

export interface Field {
  /** `text` holds what a client has written, or could have; `plain` needs no escaping. */
  readonly kind: 'plain' | 'text'
  readonly read: (record: AccessRecord) => Value
}

const plain = (read: Field['read']): Field => ({ kind: 'plain', read })
const text = (read: Field['read']): Field => ({ kind: 'text', read })

/** In the order of the JSON line; `worker` and `instance` are constants of the log. */
export const fields = {
  time: plain((record) => isoTime(startOf(record))),
  service: plain(({ service }) => service),
  client: text(({ client }) => client),
  request_id: text(({ requestId }) => requestId),
  trace_id: plain(({ traceId }) => traceId),
  span_id: plain(({ spanId }) => spanId),
  user: text(({ user }) => user),
  method: text(({ method }) => method),
  scheme: text((record) => partsOf(record).scheme),
  host: text((record) => partsOf(record).host),
  path: text((record) => partsOf(record).path),
  version: plain(({ version }) => versionOf(version)),
  status: plain(({ status }) => (status === 0 ? null : status)),
  termination: plain(({ termination }) => termination),
  error: plain(({ code }) => code),
  upstream: text(({ upstream }) => upstream),
  attempts: plain(({ attempts }) => attempts),
  reused: plain(({ upstream, isReused }) => (upstream === null ? null : isReused)),
  bytes_received: plain(({ received }) => received),
  bytes_sent: plain(({ sent }) => sent),
  head_ms: plain(({ headMs }) => (headMs < 0 ? null : rounded(headMs))),
  connect_ms: plain(({ connectedAt, startedAt }) => sinceStart(connectedAt, startedAt)),
  response_ms: plain(({ answeredAt, startedAt }) => sinceStart(answeredAt, startedAt)),
  total_ms: plain(({ endedAt, startedAt }) => rounded(endedAt - startedAt)),
  tunnel_end: plain(({ tunnelEnd }) => tunnelEnd),
} as const satisfies Record<string, Field>

/** Further fields, for templates. */
export const templateFields = {
  /** As in the common log format: `23/Nov/2026:20:00:00 +0000`. */
  clf_time: plain((record) => clfTime(startOf(record))),
  /** The request line. */
  request: text(({ method, target, version }) =>
    method === null ? null : `${method} ${maskUrl(target ?? '')} HTTP/${versionOf(version)}`,
  ),
} as const satisfies Record<string, Field>

/** A request field; null when it is absent. */
export function headerField(name: string): Field {
  return text(({ headers }) => {
    const value = headers[name]
    if (value === undefined) return null
    return maskUrl(typeof value === 'string' ? value : value.join(', '))
  })
}

function versionOf(version: number): string | null {
  if (version === 0) return null
  return version >= 20 ? String(version / 10) : `${Math.trunc(version / 10)}.${version % 10}`
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

const sinceStart = (at: number, startedAt: number): number | null =>
  at === 0 ? null : rounded(at - startedAt)

interface Parts {
  readonly scheme: string | null
  readonly host: string | null
  readonly path: string | null
}

const absolute = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is
let last = { method: null, target: null, host: undefined, scheme: 'http' } as Pick<
  AccessRecord,
  'method' | 'target' | 'host' | 'scheme'
>
let lastParts: Parts = { scheme: null, host: null, path: null }

/** Three fields of one line come from the same look at its target. What is kept is no record: that is an exchange, and would live on here. */
function partsOf(record: AccessRecord): Parts {
  const { method, target, host, scheme } = record
  if (target === last.target && host === last.host && method === last.method && scheme === last.scheme) {
    return lastParts
  }
  last = { method, target, host, scheme }
  lastParts = splitTarget(record)
  return lastParts
}

/** RFC 9112 3.2: the target of CONNECT is an authority; one in absolute form has its own, whatever Host says. */
function splitTarget({ method, target, host, scheme }: AccessRecord): Parts {
  if (target === null) return { scheme: null, host: null, path: null }
  if (method === 'CONNECT') return { scheme: null, host: maskAuthority(target), path: null }
  if (target.charCodeAt(0) !== 0x2f) {
    const [, ownScheme, authority, path] = absolute.exec(target) ?? []
    if (ownScheme !== undefined && authority !== undefined) {
      const ownPath = path === undefined || path === '' ? '/' : path
      return { scheme: ownScheme.toLowerCase(), host: maskAuthority(authority), path: maskUrl(ownPath) }
    }
  }
  return { scheme, host: host === undefined ? null : maskAuthority(host), path: maskUrl(target) }
}

/** By the wall clock; a record has times since the start of the process only, which do not follow it. */
const startOf = ({ startedAt, endedAt }: AccessRecord): number =>
  Math.round(Date.now() - (endedAt - startedAt))

let isoSecond = -1
let isoPrefix = ''

/** As `Date.toISOString`, of which the part before the milliseconds is made once a second. */
function isoTime(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== isoSecond) {
    isoSecond = second
    isoPrefix = new Date(second * 1000).toISOString().slice(0, 20)
  }
  const rest = ms - second * 1000
  return `${isoPrefix}${rest < 100 ? (rest < 10 ? '00' : '0') : ''}${rest}Z`
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
let clfSecond = -1
let clfText = ''

function clfTime(ms: number): string {
  const second = Math.floor(ms / 1000)
  if (second !== clfSecond) {
    clfSecond = second
    const iso = new Date(second * 1000).toISOString()
    const month = months[Number(iso.slice(5, 7)) - 1]
    clfText = `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
  }
  return clfText
}
