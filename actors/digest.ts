/**
 * The fields of a chart's context that may be shown: a short, flat allow list per machine. Machines without a list show nothing.
 * Error texts are excluded, since they may quote a client or an upstream.
 */

import type { DaemonContext } from './daemon.ts'
import type { InstanceContext } from './instance.ts'
import type { ListenerContext } from './listener.ts'
import type { Incarnation } from './slots.ts'
import type { SupervisorContext } from './supervisor-contract.ts'
import type { WorkerContext } from './worker.ts'

export type Shown = string | number | boolean | null
export type Digest = Readonly<Record<string, Shown>>

/** Values before and after, by field; unchanged fields are left out. */
export type Diff = Readonly<Record<string, readonly [Shown, Shown]>>

const nothing: Digest = {}

const occupant = (one: Incarnation<unknown> | null) => one?.id ?? '-'

const digests: Readonly<Record<string, (context: never) => Digest>> = {
  daemon: ({ waitingFor, failures, workers, parts }: DaemonContext) => ({
    workers: workers.map(({ name }) => name).join(' '),
    parts: parts.join(' '),
    waitingFor: waitingFor.join(' '),
    failures: failures.map(({ part }) => part).join(' '),
  }),
  supervisor: ({ roster, generation, restarts, history, lastEnd, limitChanges }: SupervisorContext) => ({
    slots: roster.slots
      .map(({ current, next, isUp }) => {
        const successor = next === null ? '' : ` -> ${next.id}`
        return `${occupant(current)}${isUp || current === null ? '' : ' (starting)'}${successor}`
      })
      .join(', '),
    leaving: roster.leaving.map(({ id }) => id).join(' '),
    generation,
    restarts,
    recentCrashes: history.length,
    limitChanges,
    lastEnd: lastEnd === null ? null : `${lastEnd.id} ${lastEnd.reason}`,
  }),
  instance: ({ slot, generation, intent, exit, failure }: InstanceContext) => ({
    slot,
    generation,
    intent,
    exitCode: exit?.exitCode ?? null,
    exitCause: exit?.errorCode ?? null,
    hasFailed: failure !== null,
  }),
  listener: ({ owner, former, failure }: ListenerContext) => ({
    owner,
    former,
    hasFailed: failure !== null && failure !== undefined,
  }),
  worker: ({ ledger, drainTimeoutMs }: WorkerContext) => {
    const { high, low } = ledger.getSnapshot().context
    return { high, low, drainTimeoutMs }
  },
}

/**
 * Fields that are only right between two events: a ledger that crosses a threshold reports it before it
 * counts.
 */
const countsOf: typeof digests = {
  worker: ({ ledger }: WorkerContext) => {
    const { mode, active, opened, refused } = ledger.getSnapshot().context
    return { mode, active, opened, refused }
  },
}

const choose = (lists: typeof digests, machineId: string, context: unknown): Digest =>
  (Object.hasOwn(lists, machineId) ? lists[machineId]?.(context as never) : undefined) ?? nothing

/** Digest of a chart in the middle of an event. `machineId` selects the allow list. */
export function digestOf(machineId: string, context: unknown): Digest {
  return choose(digests, machineId, context)
}

/** Digest of a chart at rest, with the fields that `digestOf` leaves out. */
export function restingDigestOf(machineId: string, context: unknown): Digest {
  return { ...choose(digests, machineId, context), ...choose(countsOf, machineId, context) }
}

/** Null if nothing changed, or if there is no earlier digest. */
export function diffOf(before: Digest | null, after: Digest): Diff | null {
  if (before === null) return null
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changed = fields
    .map((name) => [name, [before[name] ?? null, after[name] ?? null]] as const)
    .filter(([, [was, is]]) => was !== is)
  return changed.length === 0 ? null : Object.fromEntries(changed)
}
