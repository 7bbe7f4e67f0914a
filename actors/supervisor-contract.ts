/** Input, context and events of the supervisor chart. */

import type { ActorRefFrom, DoneActorEvent, ErrorActorEvent } from 'xstate'
import type { InstanceOutput, instanceMachine } from './instance.ts'
import type { listenerMachine } from './listener.ts'
import type { RestartPolicy } from './restart-policy.ts'
import type { Roster } from './slots.ts'

export interface SupervisorInput {
  readonly worker: string
  readonly slots: number
  /** Listener keys of each slot; the slot's instance gets them when it is alive. */
  readonly listeners: readonly (readonly string[])[]
  readonly policy: RestartPolicy
  readonly startTimeoutMs: number
  readonly drainTimeoutMs: number
  readonly now: () => number
  readonly random: () => number
}

type InstanceRef = ActorRefFrom<typeof instanceMachine>
export type ListenerRef = ActorRefFrom<typeof listenerMachine>

export interface SupervisorContext extends SupervisorInput {
  readonly roster: Roster<InstanceRef>
  readonly generation: number
  readonly restarts: number
  /** Crash times, milliseconds. */
  readonly history: readonly number[]
  readonly lastEnd: InstanceOutput | null
  /** Number of changes that operators made to its limits. */
  readonly limitChanges: number
}

export type EndEvent = DoneActorEvent<InstanceOutput, string> | ErrorActorEvent<unknown, string>

export type SupervisorEvent =
  | { readonly type: 'instance.alive'; readonly id: string; readonly slot: number }
  /** It will end or must be ended; `isListening` if it still has its listening sockets. */
  | {
      readonly type: 'instance.lost'
      readonly id: string
      readonly slot: number
      readonly isListening: boolean
    }
  | { readonly type: 'slot.start'; readonly slot: number }
  | { readonly type: 'slot.succeed'; readonly slot: number }
  | { readonly type: 'intensity.exceeded' }
  /** Some time has passed since instances were started or one ended. */
  | { readonly type: 'slots.overdue' }
  | { readonly type: 'op.recycle'; readonly id?: string | undefined }
  /** Out of service until op.restart. */
  | { readonly type: 'op.drain' }
  /** All instances are ended now and replaced. This does not count as a crash. */
  | { readonly type: 'op.restart' }
  /** An operator changed the worker's limits; the instances already have them. */
  | { readonly type: 'op.limits' }
  | { readonly type: 'op.stop' }
  | { readonly type: 'op.kill' }
  | EndEvent

/** The output of an instance that ended; if its chart itself failed, the instance counts as crashed. */
export function endOf(event: EndEvent): InstanceOutput {
  if ('output' in event && event.output !== undefined) return event.output
  const cause = 'error' in event ? String(event.error) : 'no reason was given'
  return { id: event.actorId, slot: -1, reason: 'threw', message: cause }
}
