/** Log lines for moves of charts. */

import { workerOf } from '../../../actors/ids.ts'
import { hasGivenUp, isDegraded, isPastStart, isRestarting } from '../../../actors/states.ts'
import type { LogFields, LogLevel } from '../../telemetry/log/log.ts'

/** A chart has entered a state. */
export interface LoggedMove {
  /** `supervisor:reverse_proxy`, `reverse_proxy#1`, `reverse_proxy#1/reverse`, `listener:reverse_proxy/0/0`, `daemon`. */
  readonly actor: string
  /** Null: it has just started. */
  readonly from: string | null
  readonly to: string
  /** Type of the event that led there. */
  readonly event: string
  /** The actor that has sent it; null: none is known. */
  readonly sender: string | null
}

/**
 * The log line of a move. Problems and moves of the daemon as a whole have level `info` or above; all others
 * have `debug`, since a start alone makes about forty.
 */
export function moveLogLine({ actor, from, to, event, sender }: LoggedMove): {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
} {
  const worker = workerOf(actor)
  const fields = {
    ...(worker === null ? {} : { worker }),
    actor,
    from,
    to,
    event,
    ...(sender === null ? {} : { cause: sender }),
  }
  return { level: levelOf(actor, from, to), message: `${actor} is ${to}`, fields }
}

function levelOf(actor: string, from: string | null, to: string): LogLevel {
  if (hasGivenUp(to)) return 'warn'
  // The code that starts the daemon reports a failed start.
  if (actor === 'daemon') return topOf(from) === topOf(to) || !isPastStart(to) ? 'debug' : 'info'
  if (isRestarting(to) || isDegraded(to) || isDegraded(from)) return 'info'
  return 'debug'
}

const topOf = (state: string | null): string => state?.split('.')[0] ?? ''
