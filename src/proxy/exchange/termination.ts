import { type ErrorCode, errorTable } from '../../errors.ts'
import type { TunnelEnd } from '../../http/upstream/tunnel.ts'

/** Where an exchange stands when something ends it. */
export interface Standing {
  /** A response head is on its way to the client. */
  readonly isAnswered: boolean
  readonly isRequestWhole: boolean
  readonly hasUpstream: boolean
  readonly isConnected: boolean
}

/**
 * How an exchange ended, two letters after the manner of HAProxy's session state: who ended it, and in which phase; `--` is a whole
 * exchange. What each means: src/telemetry/termination-words.ts.
 */
export function terminationOf(code: ErrorCode, standing: Standing): string {
  const side = sideOf(code)
  return side + phaseOf(standing, side, code)
}

/** The same for a tunnel, and the setting of the limit that has ended it, inside of its worker. */
export const tunnelOutcome: Readonly<
  Record<TunnelEnd, readonly [termination: string, limit: string | null]>
> = {
  done: ['--', null],
  idle: ['LT', 'resource_limits.idle_timeout_secs'],
  max_tunnel: ['LT', 'timeouts.max_tunnel_secs'],
  client: ['CT', null],
  upstream: ['ST', null],
  stopped: ['KT', null],
}

/** Whether an operator may want to know why: it failed, or a limit has cut a tunnel off. */
export const isFailure = (record: {
  readonly status: number
  readonly code: string | null
  readonly termination: string
}): boolean => record.status >= 400 || record.code !== null || record.termination === 'LT'

/** Whether its client alone made it fail, which is left out of error rates. */
export const isByClient = (code: ErrorCode | null): boolean =>
  code === 'CLIENT_ABORTED' || code === 'CLIENT_STALLED'

/** What ends an exchange that has taken its connection over and is no tunnel. */
export const endCodes = {
  idle: 'CLIENT_STALLED',
  max_tunnel: 'CLIENT_STALLED',
  client: 'CLIENT_ABORTED',
  upstream: 'UPSTREAM_BROKEN',
  stopped: 'DRAINING',
} as const satisfies Record<Exclude<TunnelEnd, 'done'>, ErrorCode>

const sides: Readonly<Partial<Record<ErrorCode, string>>> = {
  CLIENT_ABORTED: 'C',
  REQUEST_TIMEOUT: 'c',
  CLIENT_STALLED: 'c',
  UPSTREAM_TIMEOUT: 's',
  UPSTREAM_CONNECT_TIMEOUT: 's',
  OVER_LIMIT: 'L',
  AUTH_BUSY: 'L',
  RATE_LIMITED: 'L',
  EXCHANGE_TIMEOUT: 'L',
  DRAINING: 'K',
  CLOSED_BY_OPERATOR: 'K',
  INTERNAL: 'I',
}

/** What is no row above is refused by the proxy, whoever is to blame for it, or went wrong at the upstream. */
function sideOf(code: ErrorCode): string {
  return sides[code] ?? (errorTable[code].source === 'upstream' ? 'S' : 'P')
}

function phaseOf(standing: Standing, side: string, code: ErrorCode): string {
  if (standing.isAnswered) return 'D'
  if (side === 'P' || code === 'OVER_LIMIT') return 'R'
  if (side !== 'S' && side !== 's' && !standing.isRequestWhole) return 'R'
  return standing.hasUpstream && !standing.isConnected ? 'C' : 'H'
}
