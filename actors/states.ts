/**
 * Predicates on the state of a chart, given as text such as `running.alive`; null if there is no such chart.
 */

import type { StateValueFrom } from 'xstate'
import type { daemonMachine } from './daemon.ts'
import type { instanceMachine } from './instance.ts'
import type { supervisorMachine } from './supervisor.ts'
import type { workerMachine } from './worker.ts'

/** `{ running: 'alive' }` -> `running.alive` */
type StateText<Value> = Value extends string
  ? Value
  : { [Key in keyof Value & string]: `${Key}.${StateText<NonNullable<Value[Key]>>}` }[keyof Value & string]

type DaemonState = StateText<StateValueFrom<typeof daemonMachine>>
type InstanceState = StateText<StateValueFrom<typeof instanceMachine>>
type SupervisorState = StateText<StateValueFrom<typeof supervisorMachine>>
type WorkerState = StateText<StateValueFrom<typeof workerMachine>>

type Question = (state: string | null) => boolean

/** A state that the chart does not have is a type error. */
const isIn =
  <State extends string>(...states: readonly State[]): Question =>
  (state) =>
    (states as readonly (string | null)[]).includes(state)

/** The instance serves, and no successor has taken over. */
export const isServing = isIn<InstanceState>('running.alive')

/** The instance only finishes its exchanges. */
export const isFinishing = isIn<InstanceState>('running.retiring', 'running.draining')

/** The instance counts as alive in the health of its worker. */
export const isCounted = isIn<InstanceState>('running.alive', 'running.draining')

/** The worker is in service, whatever its instances do. */
export const isSupervising = isIn<SupervisorState>(
  'supervising.starting',
  'supervising.steady',
  'supervising.restarting',
)

export const isRestarting = isIn<SupervisorState>('supervising.restarting')

export const hasGivenUp = isIn<SupervisorState>('gaveUp')

/** The worker has come up once, and was not stopped on purpose. */
export const isSettled = isIn<SupervisorState>('supervising.steady', 'supervising.restarting', 'gaveUp')

/** The worker ends because the daemon stops or an operator drains it. */
export const isEnding = isIn<SupervisorState>('draining', 'stopping')

/** The worker has ended because the daemon stopped or an operator drained it. */
export const hasEnded = isIn<SupervisorState>('drained', 'stopped')

export const isDegraded = isIn<WorkerState>('degraded')

/** The daemon as a whole runs, drains or has stopped; a start that fails is not among them. */
export const isPastStart = isIn<DaemonState>(
  'running',
  'draining.settling',
  'draining.armed',
  'draining.forcing',
  'stopped',
)

const byPrecedence: readonly WorkerState[] = ['accepting', 'degraded', 'saturated', 'draining']

/** Merges the chart states of a service's instances: `accepting` if any instance has it; null without instances. */
export function mergeWorkerStates(states: readonly string[]): string | null {
  return byPrecedence.find((state) => states.includes(state)) ?? states[0] ?? null
}
