/** The termination letters of an exchange: who ended it, and in which phase. */
import { type ErrorCode, errorTable } from '../../errors.ts'
import type { TunnelEnd } from '../../http/upstream/tunnel.ts'

/** The progress of an exchange when it is ended. */
export interface Progress {
  /** The response head has been sent, at least in part. */
  readonly isAnswered: boolean
  readonly isRequestWhole: boolean
  readonly hasUpstream: boolean
  readonly isConnected: boolean
}

/**
 * Two letters in the manner of HAProxy's session state: who ended the exchange, and in which phase; `--` is a
 * complete exchange. src/telemetry/termination-words.ts explains each.
 */
export function terminationOf(code: ErrorCode, progress: Progress): string {
  const side = sideOf(code)
  return side + phaseOf(progress, side, code)
}

/** The two letters for a tunnel, and the setting of the limit that ended it, relative to its worker. */
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

/** Whether an operator may want to know why: it failed, or a limit cut a tunnel off. */
export const isFailure = (record: {
  readonly status: number
  readonly code: string | null
  readonly termination: string
}): boolean => record.status >= 400 || record.code !== null || record.termination === 'LT'

/** True if the client caused the failure; error rates leave such requests out. */
export const isByClient = (code: ErrorCode | null): boolean =>
  code === 'CLIENT_ABORTED' || code === 'CLIENT_STALLED'

/** Codes for the end of a taken-over connection that is not a tunnel. */
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

/** A code without a row above is an upstream failure, or a refusal by the proxy. */
function sideOf(code: ErrorCode): string {
  return sides[code] ?? (errorTable[code].source === 'upstream' ? 'S' : 'P')
}

function phaseOf(progress: Progress, side: string, code: ErrorCode): string {
  if (progress.isAnswered) return 'D'
  if (side === 'P' || code === 'OVER_LIMIT') return 'R'
  if (side !== 'S' && side !== 's' && !progress.isRequestWhole) return 'R'
  return progress.hasUpstream && !progress.isConnected ? 'C' : 'H'
}
