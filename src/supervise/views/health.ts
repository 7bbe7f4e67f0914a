/** Health of a worker in the seed's terms, as one pure function (S137-S144, decision D06). */

import { hasEnded, hasGivenUp, isEnding, isSupervising } from '../../../actors/states.ts'

export type HealthStatus = 'Healthy' | 'Warning' | 'Critical'

export interface MissingInstances {
  readonly count: number
  readonly of: number
  readonly isGivenUp: boolean
}

export interface HealthReading {
  /** Whether an instance of the worker is alive. */
  readonly isAlive: boolean
  /** State of its chart; null while it has none. */
  readonly state: string | null
  readonly activeConnections: number
  readonly maxConnections: number
  readonly memoryBytes: number
  readonly maxMemoryBytes: number
  /** Places for instances without one that is alive, and why; null: none, or the worker is stopped on purpose. */
  readonly missing?: MissingInstances | null
  /** Texts of limits that an instance has exceeded for some time, such as "cpu at 120 % of the limit". */
  readonly exceeded?: readonly string[]
  /** Set if its instances end or have ended as planned. */
  readonly plannedEnd?: PlannedEnd | null
}

/** The daemon stops or an operator drains the worker; the second one is over. */
type PlannedEnd = 'draining' | 'drained'

/** `state`: of the supervisor chart. */
export function plannedEndOf(state: string | null): PlannedEnd | null {
  if (isEnding(state)) return 'draining'
  return hasEnded(state) ? 'drained' : null
}

export interface Health {
  readonly status: HealthStatus
  readonly reasons: readonly string[]
  /** Active connections over max_connections; not capped at 1. */
  readonly connectionUtilization: number
  readonly memoryUtilization: number
}

const warnAt = 0.8
const criticalAt = 0.95

const percent = (share: number) => `${Math.round(share * 100)} %`

/** `state`: of the supervisor chart, or null. */
export function missingInstances(
  state: string | null,
  slots: number,
  alive: number,
): MissingInstances | null {
  const isGivenUp = hasGivenUp(state)
  if (alive >= slots || !(isGivenUp || isSupervising(state))) return null
  return { count: slots - alive, of: slots, isGivenUp }
}

function missingText({ count, of, isGivenUp }: MissingInstances): string {
  const places = `${count} of ${of} instances`
  if (isGivenUp) return `${places} ended too often; restarts are paused`
  return `${places} ${count === 1 ? 'is' : 'are'} starting`
}

/**
 * Healthy: alive and both utilisations strictly below 0.8. Critical: not alive, saturated, or a utilisation of 0.95 or
 * more. Warning: what lies between, a limit that is exceeded, a missing instance, degraded or draining. A worker that ends as
 * planned is never worse than Warning: an operator asked for it, so it must not page anyone.
 */
export function health(reading: HealthReading): Health {
  const connectionUtilization = reading.activeConnections / reading.maxConnections
  const memoryUtilization = reading.memoryBytes / reading.maxMemoryBytes
  const critical: string[] = []
  const warning: string[] = []
  const plannedEnd = reading.plannedEnd ?? null
  if (!reading.isAlive && plannedEnd === null) critical.push('no instance is alive')
  if (reading.state === 'saturated') critical.push('max_connections is reached')
  for (const [name, share] of [
    ['connections', connectionUtilization],
    ['memory', memoryUtilization],
  ] as const) {
    if (share >= criticalAt) critical.push(`${name} at ${percent(share)} of the limit`)
    else if (share >= warnAt) warning.push(`${name} at ${percent(share)} of the limit`)
  }
  const { missing } = reading
  if (reading.isAlive && missing) warning.push(missingText(missing))
  for (const reason of reading.exceeded ?? []) {
    if (![...critical, ...warning].includes(reason)) warning.push(reason)
  }
  const standing = plannedEnd ?? reading.state
  if (standing === 'degraded' || standing === 'draining' || standing === 'drained')
    warning.push(`the worker is ${standing}`)
  const isCritical = critical.length > 0 && plannedEnd === null
  const status = isCritical ? 'Critical' : warning.length > 0 ? 'Warning' : 'Healthy'
  return { status, reasons: [...critical, ...warning], connectionUtilization, memoryUtilization }
}
