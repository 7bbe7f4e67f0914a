import type { DaemonContext } from './daemon.ts'
import type { InstanceContext } from './instance.ts'
import type { ListenerContext } from './listener.ts'
import type { Incarnation } from './slots.ts'
import type { SupervisorContext } from './supervisor-contract.ts'
import type { WorkerContext } from './worker.ts'

/**
 * What may be shown of the context of a chart: an allow list per machine, flat and short. A machine that is not listed shows
 * nothing. Texts of errors are never among it: they may quote what a client or an upstream sent.
 */
export type Shown = string | number | boolean | null
export type Digest = Readonly<Record<string, Shown>>

/** Before and after, by field; what did not change is left out. */
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

/** What is only right between two events: a ledger that has just crossed a threshold tells of it before it counts. */
const countsOf: typeof digests = {
  worker: ({ ledger }: WorkerContext) => {
    const { mode, active, opened, refused } = ledger.getSnapshot().context
    return { mode, active, opened, refused }
  },
}

const choose = (lists: typeof digests, machineId: string, context: unknown): Digest =>
  (Object.hasOwn(lists, machineId) ? lists[machineId]?.(context as never) : undefined) ?? nothing

/** Of a chart in the middle of an event. `machineId` names the allow list. */
export function digestOf(machineId: string, context: unknown): Digest {
  return choose(digests, machineId, context)
}

/** Of a chart at rest; more of it than `digestOf`. */
export function restingDigestOf(machineId: string, context: unknown): Digest {
  return { ...choose(digests, machineId, context), ...choose(countsOf, machineId, context) }
}

/** Null when nothing changed, or nothing is known of before. */
export function diffOf(before: Digest | null, after: Digest): Diff | null {
  if (before === null) return null
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const changed = fields
    .map((name) => [name, [before[name] ?? null, after[name] ?? null]] as const)
    .filter(([, [was, is]]) => was !== is)
  return changed.length === 0 ? null : Object.fromEntries(changed)
}
