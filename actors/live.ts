/** Reads the present of a chart that runs. */

import { type AnyActorRef, type AnyMachineSnapshot, getNextTransitions } from 'xstate'
import { type Digest, restingDigestOf } from './digest.ts'
import { arrowsFrom } from './edges.ts'

/**
 * The present of a chart: its digest, the timers that run, and the transitions that are possible. Plain data.
 */
export interface LiveChart {
  readonly digest: Digest
  readonly timers: readonly PendingTimer[]
  readonly next: readonly NextTransition[]
}

export interface PendingTimer {
  readonly id: string
  readonly event: string
  /** When it is due, milliseconds since 1970. */
  readonly at: number
  /** Full length of the timer. */
  readonly ms: number
}

export interface NextTransition {
  readonly event: string
  readonly edge: string
  readonly guard: string | null
  /** Ids of states; empty if the chart stays in its state. */
  readonly targets: readonly string[]
}

/** Null if the actor is not a chart or has ended. */
export function liveChart(ref: AnyActorRef): LiveChart | null {
  const snapshot = ref.getSnapshot() as AnyMachineSnapshot | undefined
  if (snapshot === undefined || !('machine' in snapshot) || snapshot.status !== 'active') return null
  const { machine, context } = snapshot
  return { digest: restingDigestOf(machine.id, context), timers: timersOf(ref), next: nextOf(snapshot) }
}

function timersOf(ref: AnyActorRef): readonly PendingTimer[] {
  const scheduled = Object.values(ref.system.getSnapshot()._scheduledEvents)
  return scheduled
    .filter(({ source }) => source === ref)
    .map(({ id, event, startedAt, delay }) => ({ id, event: event.type, at: startedAt + delay, ms: delay }))
    .toSorted((a, b) => a.at - b.at)
}

function nextOf(snapshot: AnyMachineSnapshot): readonly NextTransition[] {
  return getNextTransitions(snapshot).flatMap((transition) => {
    const arrow = arrowsFrom(transition.source).find((one) => one.transition === transition)
    if (arrow === undefined) return []
    return [
      { event: arrow.eventType, edge: arrow.id, guard: guardName(transition.guard), targets: arrow.targets },
    ]
  })
}

function guardName(guard: unknown): string | null {
  if (guard === undefined) return null
  if (typeof guard === 'string') return guard
  const { type } = guard as { readonly type?: unknown }
  return typeof type === 'string' ? type : 'guard'
}
