/** Measures one target under one load: CPU of its core, memory, and what its driver saw. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Contender } from './contenders.ts'
import { type Driving, drive } from './drivers/drive.ts'
import { cores } from './processes.ts'
import type { Driven, Measurement } from './results.ts'
import type { Load } from './types.ts'
import { coreBusySeconds, cpuSeconds, peakRssMiB, resetPeakRss } from './usage.ts'

const settleMs = 100
/** Maximum share of failed units: wrk cuts connections at the end of its time. */
const mostErrors = 0.001

/** Throws if the target ended or failed too many requests. */
export async function measure(load: Load, contender: Contender, driving: Driving): Promise<Measurement> {
  const { ports } = contender
  return observe(contender, () => drive(load, ports, driving))
}

/** Measures the target while `work` runs. */
export async function observe(contender: Contender, work: () => Promise<Driven>): Promise<Measurement> {
  const { running } = contender
  const { pid } = running.process
  await sleep(settleMs)
  resetPeakRss(pid)
  const before = reading(pid)
  const driven = await work()
  const after = reading(pid)
  if (running.process.isGone) throw new Error('ended under load')
  if (driven.done === 0) throw new Error('nothing was answered')
  if (driven.errors > driven.done * mostErrors)
    throw new Error(`${driven.errors} errors beside ${driven.done} good answers`)
  const wall = after.at - before.at
  const cpu = after.cpu - before.cpu
  return {
    cpuUsPerUnit: (cpu / driven.done) * 1e6,
    perSecond: driven.done / driven.seconds,
    p50Us: driven.p50Us,
    p99Us: driven.p99Us,
    peakRssMiB: peakRssMiB(pid),
    busy: cpu / wall,
    foreign: Math.max(0, after.core - before.core - cpu) / wall,
    extra: driven.extra ?? {},
  }
}

const reading = (pid: number) => ({
  at: performance.now() / 1000,
  cpu: cpuSeconds(pid),
  core: coreBusySeconds(cores.target),
})

/** For the progress on the terminal. */
export const summaryOf = ({ cpuUsPerUnit, perSecond }: Measurement) =>
  `${cpuUsPerUnit.toFixed(1)} us, ${perSecond.toFixed(0)}/s`
