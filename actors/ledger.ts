/**
 * The ledger: counts the connections of a service. It sends its worker chart an event only when a threshold is crossed, so a
 * connection costs no machine event.
 *
 *   conn.opened  mode admit: active + 1, at `high` -> load.high        mode refuse, drain: refused + 1
 *   conn.closed  active - 1; mode refuse, at `low` -> load.low         mode drain, at 0 -> load.zero
 *   mode         set by the entry actions of the worker chart only
 */

import { type ActorSystem, type AnyActorRef, fromTransition } from 'xstate'

export type LedgerMode = 'admit' | 'refuse' | 'drain'

export interface LedgerContext {
  readonly active: number
  readonly opened: number
  readonly refused: number
  readonly mode: LedgerMode
  /** Connections at which the service is full. */
  readonly high: number
  /** Connections at which a full service has room again. */
  readonly low: number
}

export type LedgerEvent =
  | { readonly type: 'conn.opened' }
  | { readonly type: 'conn.closed' }
  | { readonly type: 'mode'; readonly mode: LedgerMode }
  | { readonly type: 'limit'; readonly high: number; readonly low: number }

export type LoadEvent =
  | { readonly type: 'load.high' }
  | { readonly type: 'load.low' }
  | { readonly type: 'load.zero' }

export interface LedgerInput {
  readonly high: number
  readonly low: number
}

/** Shared objects: a load event carries no data, so none is allocated per crossing. */
const highEvent: LoadEvent = { type: 'load.high' }
const lowEvent: LoadEvent = { type: 'load.low' }
const zeroEvent: LoadEvent = { type: 'load.zero' }

const loadEventTypes: ReadonlySet<string> = new Set([highEvent, lowEvent, zeroEvent].map(({ type }) => type))

/** Whether events of this type come from a ledger. */
export const isLoadEvent = (type: string): boolean => loadEventTypes.has(type)

type InstanceSystem = ActorSystem<{ actors: Record<string, AnyActorRef> }>

/**
 * The event that a count causes in a mode, or null. Compared with >= and <=, so that a changed limit takes
 * effect at once.
 */
function loadEventOf({ mode, active, high, low }: LedgerContext): LoadEvent | null {
  if (mode === 'admit') return active >= high ? highEvent : null
  if (mode === 'refuse') return active <= low ? lowEvent : null
  return active === 0 ? zeroEvent : null
}

function reduce(ledger: LedgerContext, event: LedgerEvent): LedgerContext {
  switch (event.type) {
    case 'conn.opened':
      return ledger.mode === 'admit'
        ? { ...ledger, active: ledger.active + 1, opened: ledger.opened + 1 }
        : { ...ledger, refused: ledger.refused + 1 }
    case 'conn.closed':
      return { ...ledger, active: Math.max(0, ledger.active - 1) }
    case 'mode':
      return { ...ledger, mode: event.mode }
    case 'limit':
      return { ...ledger, high: event.high, low: event.low }
    default:
      // Internal events of XState, such as the stop of the chart that owns this ledger.
      return ledger
  }
}

/** Id of the worker chart in the actor system that a ledger reports to. */
export const workerSystemId = 'worker'

export const ledgerLogic = fromTransition<LedgerContext, LedgerEvent, InstanceSystem, LedgerInput>(
  (ledger, event, { system }) => {
    const next = reduce(ledger, event)
    // The chart itself set the new mode; a load event in return would be an echo.
    const crossed = event.type === 'mode' || next === ledger ? null : loadEventOf(next)
    if (crossed !== null) system.get(workerSystemId)?.send(crossed)
    return next
  },
  ({ input }) => ({ active: 0, opened: 0, refused: 0, mode: 'admit', high: input.high, low: input.low }),
)

/**
 * The count at which a full service has room again: one below its limit, since max_connections is strict and
 * no free place may be refused.
 */
export function lowWaterMark(high: number): number {
  return Math.max(0, high - 1)
}
