/** The fields of an access log line, by their names in templates and in JSON. */
import { Fragment, type LogChunk } from '../lines/chunk.ts'
import { requestField } from '../request-field.ts'
import type { AccessRecord } from './access-record.ts'
import { maskAuthority, maskUrl } from './escape.ts'

/** Null if unknown or absent. */
export type Value = string | number | boolean | null

export interface Field {
  /** `text` may contain client input; `plain` needs no escaping. */
  readonly kind: 'plain' | 'text'
  /** The value is nearly always that of the previous line. */
  readonly isSteady: boolean
  readonly read: (record: AccessRecord) => Value
  /** Writes the value where that is faster than building a string; null where it is not. */
  readonly put: ((record: AccessRecord, chunk: LogChunk) => void) | null
}

type Read = Field['read']

const field =
  (kind: Field['kind'], isSteady: boolean) =>
  (read: Read, put: Field['put'] = null): Field => ({ kind, isSteady, read, put })
const plain = field('plain', false)
const text = field('text', false)
const steadyPlain = field('plain', true)
const steadyText = field('text', true)

/** In the order of the JSON line; `worker` and `instance` are constants of the log. */
export const fields = {
  time: plain((record) => isoTime(startOf(record)), putIsoTime),
  service: steadyPlain(({ service }) => service),
  client: text(({ client }) => client),
  request_id: text(({ requestId }) => requestId),
  trace_id: plain(({ traceId }) => traceId),
  span_id: plain(({ spanId }) => spanId),
  user: steadyText(({ user }) => user),
  method: steadyText(({ method }) => method),
  scheme: steadyText(schemeOf),
  host: steadyText(hostOf),
  path: text(pathOf),
  version: steadyPlain(({ version }) => versionOf(version)),
  status: steadyPlain(({ status }) => (status === 0 ? null : status)),
  termination: steadyPlain(({ termination }) => termination),
  error: steadyPlain(({ code }) => code),
  upstream: steadyText(({ upstream }) => upstream),
  attempts: steadyPlain(({ attempts }) => attempts),
  reused: steadyPlain(({ upstream, isReused }) => (upstream === null ? null : isReused)),
  bytes_received: plain(({ received }) => received),
  bytes_sent: plain(({ sent }) => sent),
  head_ms: plain(({ headMs }) => (headMs < 0 ? null : rounded(headMs))),
  connect_ms: plain(({ connectedAt, dialledAt }) => sinceStart(connectedAt, dialledAt)),
  response_ms: plain(({ answeredAt, startedAt }) => sinceStart(answeredAt, startedAt)),
  total_ms: plain(({ endedAt, startedAt }) => rounded(endedAt - startedAt)),
  tunnel_end: plain(({ tunnelEnd }) => tunnelEnd),
} as const satisfies Record<string, Field>

/** Fields that only templates have. */
export const templateFields = {
  /** Common log format: `23/Nov/2026:20:00:00 +0000`. */
  clf_time: steadyPlain((record) => clfTime(startOf(record))),
  request: text(({ method, target, version }) =>
    method === null ? null : `${method} ${maskUrl(target ?? '')} HTTP/${versionOf(version)}`,
  ),
} as const satisfies Record<string, Field>

/** A request field; null when it is absent. */
export function headerField(name: string): Field {
  return steadyText(({ fields }) => {
    const value = requestField(fields, name)
    return value === undefined ? null : maskUrl(value)
  })
}

function versionOf(version: number): string | null {
  if (version === 11) return '1.1'
  if (version === 0) return null
  return version >= 20 ? String(version / 10) : `${Math.trunc(version / 10)}.${version % 10}`
}

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000

const sinceStart = (at: number, startedAt: number): number | null =>
  at === 0 ? null : rounded(at - startedAt)

/** RFC 9112 3.2: the target of CONNECT is an authority; a target in absolute form overrides Host. */
function schemeOf({ method, target, scheme }: AccessRecord): string | null {
  if (target === null || method === 'CONNECT') return null
  return absoluteOf(target)?.scheme ?? scheme
}

function hostOf({ method, target, host }: AccessRecord): string | null {
  if (target === null) return null
  if (method === 'CONNECT') return maskAuthority(target)
  return absoluteOf(target)?.host ?? (host === undefined ? null : maskAuthority(host))
}

function pathOf({ method, target }: AccessRecord): string | null {
  if (target === null || method === 'CONNECT') return null
  return absoluteOf(target)?.path ?? maskUrl(target)
}

interface Absolute {
  readonly scheme: string
  readonly host: string
  readonly path: string
}

const absolute = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is
let latestTarget = ''
let latestAbsolute: Absolute | null = null

/** Parses a target once for the three fields that need it. */
function absoluteOf(target: string): Absolute | null {
  if (target.charCodeAt(0) === 0x2f) return null
  if (target === latestTarget) return latestAbsolute
  const [, scheme, authority, path] = absolute.exec(target) ?? []
  latestTarget = target
  latestAbsolute =
    scheme === undefined || authority === undefined
      ? null
      : { scheme: scheme.toLowerCase(), host: maskAuthority(authority), path: maskUrl(path || '/') }
  return latestAbsolute
}

/**
 * Wall-clock time. A record's times are relative to the start of the process and do not follow the wall
 * clock.
 */
const startOf = ({ startedAt, endedAt }: AccessRecord): number =>
  Math.round(Date.now() - (endedAt - startedAt))

let isoSecond = -1
let isoPrefix = ''
let isoFragment = new Fragment('')

/** Updates the part before the milliseconds once a second; returns the milliseconds. */
function turnTo(ms: number): number {
  const second = Math.floor(ms / 1000)
  if (second !== isoSecond) {
    isoSecond = second
    isoPrefix = new Date(second * 1000).toISOString().slice(0, 20)
    isoFragment = new Fragment(isoPrefix)
  }
  return ms - second * 1000
}

/** Formats like `Date.toISOString`. */
function isoTime(ms: number): string {
  const rest = turnTo(ms)
  return `${isoPrefix}${String(rest).padStart(3, '0')}Z`
}

const zulu = new Fragment('Z')

function putIsoTime(record: AccessRecord, chunk: LogChunk): void {
  const rest = turnTo(startOf(record))
  chunk.constant(isoFragment)
  chunk.thousandths(rest)
  chunk.constant(zulu)
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
