/**
 * Messages on the IPC channel of an instance in a process. A message carries one handle, so a `listener.take` with held sockets
 * becomes several messages. Shared memory cannot be sent, so counters come back in beats.
 */

import type { WorkerSettings } from '../../config/settings/settings.ts'
import type { FromInstance, InstanceBoot, ToInstance } from './channel.ts'

export interface ProcessBoot extends Omit<InstanceBoot, 'counters'> {
  /** Services that are counted. */
  readonly counters: readonly string[]
}

export type ToProcess =
  | Exclude<ToInstance, { readonly type: 'listener.take' }>
  | { readonly type: 'boot'; readonly boot: ProcessBoot }
  /** Its handle is the listening server of the key, or an accepted socket that belongs to it. */
  | { readonly type: 'handle.server'; readonly key: string }
  | { readonly type: 'handle.socket'; readonly key: string }

export type FromProcess =
  | Exclude<FromInstance, { readonly type: 'listener.returned' }>
  /** Its handle is the server. */
  | { readonly type: 'listener.returned'; readonly key: string }
  /** The latest handle has arrived, or was missing; the next may be sent. */
  | { readonly type: 'handle.taken' }
  | { readonly type: 'beat'; readonly beat: Beat }

/**
 * Changed cells of a counter block. With hundreds of series a whole block is more than a socket takes at
 * once, and from the last beat of an ending process only that much arrives.
 */
export interface Changes {
  readonly at: Uint32Array
  readonly values: Float64Array
}

/** Facts that only the process itself knows; sent with every beat and at its end. */
export interface Beat {
  /** Cells of each service's counter block that are others than in the last beat. */
  readonly counters: Readonly<Record<string, Changes>>
  /** Share of the time since the last beat that the event loop was busy, 0..1. */
  readonly loopUtilization: number
  /** Used heap and external memory, ArrayBuffers included. */
  readonly memoryBytes: number
  /** CPU time since the start of the process. */
  readonly cpuMs: number
}

/**
 * Between two beats, and how old main's numbers may be: a second (a beat costs the process about 0.5 ms and main 0.2 ms),
 * or less where an instance counts as stuck sooner.
 */
export function beatMsOf(worker: WorkerSettings): number {
  const { stuckMs = Number.POSITIVE_INFINITY } = worker as { readonly stuckMs?: number }
  return Math.min(1000, stuckMs / 4)
}

/** From an earlier copy of a block to a later one, which may be longer. */
export function changesBetween(earlier: Float64Array, later: Float64Array): Changes {
  const at: number[] = []
  for (let cell = 0; cell < later.length; cell += 1) if (later[cell] !== (earlier[cell] ?? 0)) at.push(cell)
  return { at: Uint32Array.from(at), values: Float64Array.from(at, (cell) => later[cell] ?? 0) }
}
