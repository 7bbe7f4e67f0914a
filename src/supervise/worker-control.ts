import type { AnyActorRef } from 'xstate'
import { stateText } from '../../actors/edges.ts'
import type { Log } from '../telemetry/log.ts'

/** What an operator may do to a worker: an event to its supervisor's chart, and a line of the log that says who. */
export const workerActions = {
  drain: 'op.drain',
  recycle: 'op.recycle',
  restart: 'op.restart',
} as const

export type WorkerAction = keyof typeof workerActions

export type ControlOutcome =
  | { readonly event: string; readonly state: string }
  /** Its chart takes no such event in its present state. */
  | { readonly refusedIn: string }

export interface WorkerControl {
  /** `by` says who asked. Null when there is no such worker. */
  act(worker: string, action: WorkerAction, by: string): ControlOutcome | null
}

export function createWorkerControl(parts: {
  readonly find: (actor: string) => AnyActorRef | undefined
  readonly log: Log
}): WorkerControl {
  return {
    act(worker, action, by) {
      const supervisor = parts.find(`supervisor:${worker}`)
      if (supervisor === undefined) return null
      const event = { type: workerActions[action] }
      const before = supervisor.getSnapshot()
      if (!before.can(event)) return { refusedIn: stateText(before.value) }
      parts.log('info', `worker: ${action}`, { worker, action, by })
      supervisor.send(event)
      return { event: event.type, state: stateText(supervisor.getSnapshot().value) }
    },
  }
}
