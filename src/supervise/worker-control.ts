/** Drains, recycles and restarts workers for an operator. */

import type { AnyActorRef } from 'xstate'
import { stateText } from '../../actors/edges.ts'
import { supervisorId } from '../../actors/ids.ts'
import type { Log } from '../telemetry/log/log.ts'

/** Operator's actions on a worker. Each sends an event to the supervisor chart and logs the operator. */
export const workerActions = {
  drain: 'op.drain',
  recycle: 'op.recycle',
  restart: 'op.restart',
} as const

export type WorkerAction = keyof typeof workerActions

export type ControlOutcome =
  | { readonly event: string; readonly state: string }
  /** Its chart takes no such event in its present state. */
  | { readonly refusedIn: string; readonly reason: string }

/** Why an action is refused in a state, and what would work. */
const reasons: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'supervising.starting': 'no instance has started yet; wait for the state supervising.steady',
    'supervising.restarting':
      'no instance is running after a crash; wait for the state supervising.steady, or restart the worker',
    gaveUp: 'its instances ended too often; restart the worker to start them now',
    draining: 'it is draining; restart it when it is drained',
    drained: 'it is out of service; restart it to bring it back',
    stopping: 'the daemon is stopping',
    stopped: 'the daemon is stopping',
  }),
)

export interface WorkerControl {
  /** `by`: the operator, for the log. Null if there is no such worker. */
  act(worker: string, action: WorkerAction, by: string): ControlOutcome | null
}

export function createWorkerControl(parts: {
  /** Their names. */
  readonly workers: readonly string[]
  readonly find: (actor: string) => AnyActorRef | undefined
  readonly log: Log
}): WorkerControl {
  return {
    act(worker, action, by) {
      const supervisor = parts.find(supervisorId(worker))
      if (supervisor === undefined)
        return parts.workers.includes(worker)
          ? { refusedIn: 'not running', reason: 'the daemon is starting or stopping' }
          : null
      const event = { type: workerActions[action] }
      const before = supervisor.getSnapshot()
      if (!before.can(event)) {
        const state = stateText(before.value)
        return {
          refusedIn: state,
          reason: reasons.get(state) ?? 'its chart does not accept this event in this state',
        }
      }
      parts.log('info', `worker: ${action}`, { worker, action, by })
      supervisor.send(event)
      return { event: event.type, state: stateText(supervisor.getSnapshot().value) }
    },
  }
}
