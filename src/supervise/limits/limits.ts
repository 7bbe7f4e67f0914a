/**
 * Judges the samples of an instance, as pure functions; time is part of the reading. No verdict follows from one reading alone: each
 * threshold has a count or a second, lower threshold, so that verdicts do not flap.
 *
 *   memory  >= 90 % exceeded, < 85 % recovered; >= 100 % three times in a row -> recycle, or overgrown if the event loop does
 *           not turn; >= 150 % -> overgrown
 *   cpu     above max_cpu_percent twice in a row exceeded, below 90 % of it twice in a row recovered
 *   loop    utilisation 1.0 without a beat for stuck_secs -> stuck
 */

import { beatPeriodMs } from '../../telemetry/metrics/beat.ts'

export interface UsageReading {
  /** When it was taken, milliseconds of any steady clock. */
  readonly at: number
  readonly memoryBytes: number
  /** CPU time since the instance started. */
  readonly cpuMs: number
  /** Utilisation of the event loop since the last reading, 0..1. */
  readonly loopUtilization: number
  /** Counts up as long as the event loop of the instance turns, about once in `beatPeriodMs`. */
  readonly beats: number
}

export interface InstanceLimits {
  readonly maxMemoryBytes: number
  /** Share of the CPU available to the daemon, 100 = all of it. */
  readonly maxCpuPercent: number
  readonly stuckMs: number
  /** CPUs available to the daemon. */
  readonly cpus: number
}

export type LimitName = 'memory' | 'cpu'

export type LimitVerdict =
  /** A limit was crossed, in either direction. */
  | {
      readonly type: 'limit'
      readonly limit: LimitName
      readonly isExceeded: boolean
      readonly reason: string
    }
  /** Replace the instance; its exchanges may finish. */
  | { readonly type: 'recycle'; readonly reason: string }
  /** Replace the instance and end it: its event loop has stopped turning. */
  | { readonly type: 'stuck'; readonly reason: string }
  /** End the instance at once: it is over its memory limit and will not recover. */
  | { readonly type: 'overgrown'; readonly reason: string }

/** State of an instance between two readings. */
export interface LimitStanding {
  readonly last: UsageReading | null
  /** Why a limit counts as exceeded; null when it does not. */
  readonly exceeded: Readonly<Record<LimitName, string | null>>
  /** From the latest two readings; 100 is all CPU that is available to the daemon. */
  readonly cpuPercent: number
  /** Readings running at or over max_memory_mb. */
  readonly overMemory: number
  /** When a recycle was last asked for since memory is exceeded; null when it was not. */
  readonly askedAt: number | null
  /** Readings running beyond the CPU threshold that would change the verdict. */
  readonly cpuStreak: number
  /** Since when the loop has neither been idle nor beaten; null when it turns. */
  readonly busySince: number | null
}

export const newStanding: LimitStanding = {
  last: null,
  exceeded: { memory: null, cpu: null },
  cpuPercent: 0,
  overMemory: 0,
  askedAt: null,
  cpuStreak: 0,
  busySince: null,
}

const softMemory = 0.9
const softMemoryEnd = 0.85
const runawayMemory = 1.5
const overReadings = 3
/** A recycle that came to nothing, for instance since the successor did not start, is asked for again after it. */
const askAgainMs = 10_000
const cpuReadings = 2
const cpuEnd = 0.9
const blockedLoop = 0.999

export function judge(
  standing: LimitStanding,
  reading: UsageReading,
  limits: InstanceLimits,
): { readonly standing: LimitStanding; readonly verdicts: readonly LimitVerdict[] } {
  const memory = judgeMemory(standing, reading, limits)
  const cpu = judgeCpu(standing, reading, limits)
  const busySince = busySinceOf(standing, reading)
  const overMemory = reading.memoryBytes >= limits.maxMemoryBytes ? standing.overMemory + 1 : 0
  const verdicts = [...memory.verdicts, ...cpu.verdicts]
  // A collection that helps for a moment is no recovery.
  const askedAt = memory.exceeded === null ? null : standing.askedAt
  const end = judgeEnd({ reading, limits, busySince, overMemory, askedAt })
  if (end !== null) verdicts.push(end)
  return {
    standing: {
      last: reading,
      exceeded: { memory: memory.exceeded, cpu: cpu.exceeded },
      cpuPercent: cpu.percent,
      overMemory,
      askedAt: end?.type === 'recycle' ? reading.at : askedAt,
      cpuStreak: cpu.streak,
      busySince,
    },
    verdicts,
  }
}

interface Change {
  readonly exceeded: string | null
  readonly verdicts: readonly LimitVerdict[]
}

const change = (limit: LimitName, isExceeded: boolean, reason: string): Change => ({
  exceeded: isExceeded ? reason : null,
  verdicts: [{ type: 'limit', limit, isExceeded, reason }],
})

function judgeMemory(standing: LimitStanding, { memoryBytes }: UsageReading, limits: InstanceLimits): Change {
  const share = memoryBytes / limits.maxMemoryBytes
  const exceeded = standing.exceeded.memory
  const text = `memory at ${percentText(share)} of the limit`
  if (exceeded === null && share >= softMemory) return change('memory', true, text)
  if (exceeded !== null && share < softMemoryEnd) return change('memory', false, text)
  return { exceeded: exceeded === null ? null : text, verdicts: [] }
}

function judgeCpu(standing: LimitStanding, reading: UsageReading, limits: InstanceLimits) {
  const exceeded = standing.exceeded.cpu
  const elapsed = standing.last === null ? 0 : reading.at - standing.last.at
  // Without a reading before there is no share of anything.
  if (standing.last === null || elapsed <= 0) {
    return { exceeded, percent: standing.cpuPercent, streak: standing.cpuStreak, verdicts: [] }
  }
  const percent = ((reading.cpuMs - standing.last.cpuMs) / elapsed / limits.cpus) * 100
  const isBeyond =
    exceeded === null ? percent > limits.maxCpuPercent : percent < limits.maxCpuPercent * cpuEnd
  const streak = isBeyond ? standing.cpuStreak + 1 : 0
  const text = `cpu at ${percentText(percent / limits.maxCpuPercent)} of the limit`
  if (streak >= cpuReadings) return { ...change('cpu', exceeded === null, text), percent, streak: 0 }
  return { exceeded: exceeded === null ? null : text, percent, streak, verdicts: [] }
}

/**
 * A loop under full load is never idle either, and a thread in garbage collection reads 1.0 as well: only a loop that has
 * not beaten since the reading before does not turn.
 */
function busySinceOf({ last, busySince }: LimitStanding, reading: UsageReading): number | null {
  if (last === null || reading.loopUtilization < blockedLoop || reading.beats !== last.beats) return null
  return busySince ?? last.at
}

/** Returns the gravest verdict only: an instance that is ended need not be recycled. */
function judgeEnd(now: {
  readonly reading: UsageReading
  readonly limits: InstanceLimits
  readonly busySince: number | null
  readonly overMemory: number
  readonly askedAt: number | null
}): LimitVerdict | null {
  const { reading, limits, busySince, overMemory, askedAt } = now
  const share = reading.memoryBytes / limits.maxMemoryBytes
  const memory = `memory at ${percentText(share)} of the limit`
  if (share >= runawayMemory) return { type: 'overgrown', reason: memory }
  const busyMs = busySince === null ? 0 : reading.at - busySince
  if (overMemory >= overReadings && busyMs >= 2 * beatPeriodMs(limits.stuckMs))
    return {
      type: 'overgrown',
      reason: `${memory}, and its event loop has been blocked for ${Math.round(busyMs)} ms`,
    }
  if (busyMs >= limits.stuckMs)
    return { type: 'stuck', reason: `its event loop has been blocked for ${Math.round(busyMs)} ms` }
  const isDue = overMemory >= overReadings && (askedAt === null || reading.at - askedAt >= askAgainMs)
  return isDue && busyMs === 0 ? { type: 'recycle', reason: memory } : null
}

/** Texts of all exceeded limits. */
export function reasonsOf({ exceeded }: LimitStanding): readonly string[] {
  return [exceeded.memory, exceeded.cpu].filter((reason) => reason !== null)
}

/**
 * Minimum time between two recycles of a worker, given the number of recent ones. Instances that are over the
 * limit from their start must not be replaced without pause.
 */
export function recycleGapMs(recent: number): number {
  return recent === 0 ? 0 : Math.min(60_000, 1_000 * 2 ** (recent - 1))
}

const percentText = (share: number) => `${Math.round(share * 100)} %`
