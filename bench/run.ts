/**
 * Runs one case: every target is started, verified and warmed up; then the targets take turns in rounds.
 *
 *   core 0   target                          one under load at a time, the others idle
 *   core 1   wrk or our driver, the origin
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { drive, type Ports, warmUp } from './drivers/drive.ts'
import type { NoiseMeter } from './noise.ts'
import type { Origin } from './origin.ts'
import { freePort } from './ports.ts'
import { cores } from './processes.ts'
import { launch, type Running } from './running.ts'
import { targetNamed } from './targets/all.ts'
import type { Case, CaseResult, Launch, Measurement, Result, TargetName } from './types.ts'
import { coreBusySeconds, cpuSeconds, peakRssMiB, resetPeakRss } from './usage.ts'
import { verify } from './verify.ts'

export interface RunOptions {
  readonly case: Case
  readonly targets: readonly TargetName[]
  readonly rounds: number
  readonly seconds: number
  readonly runDir: string
  readonly origin: Origin
  readonly noise: NoiseMeter
  readonly say: (text: string) => void
  /** Called with the launch settings of each target. */
  readonly onLaunch: (target: TargetName, what: Launch) => void
}

interface Contender {
  readonly target: TargetName
  readonly running: Running
  readonly ports: Ports
  readonly rounds: Measurement[]
}

const firstWarmUpMs = 2_000
const warmUpMs = 500
const settleMs = 100
/** Maximum share of failed units: wrk cuts connections at the end of its time. */
const mostErrors = 0.001

export async function runCase(options: RunOptions): Promise<CaseResult> {
  const { targets, rounds, seconds, noise, say } = options
  const { load, name } = options.case
  const contenders = new Map<TargetName, Contender>()
  const failures = new Map<TargetName, string>()
  const drop = async (target: TargetName, error: unknown) => {
    const process = contenders.get(target)?.running.process
    const ending = process?.isGone ? ` (${process.ending})` : ''
    failures.set(target, `${error instanceof Error ? error.message : String(error)}${ending}`)
    say(`${name}: ${target} failed: ${failures.get(target)}`)
    await process?.stop()
    contenders.delete(target)
  }
  try {
    for (const target of targets) {
      try {
        const contender = await enter(target, options)
        contenders.set(target, contender)
        await verify(load, contender.ports)
        await warmUp(load, contender.ports, firstWarmUpMs)
      } catch (error) {
        await drop(target, error)
      }
    }
    for (let round = 0; round < rounds; round++) {
      await noise.calibrate()
      for (const contender of inTurn([...contenders.values()], round)) {
        try {
          const seen = await measure(options.case, contender, seconds)
          contender.rounds.push(seen)
          say(
            `${name} ${round + 1}/${rounds} ${contender.target}: ${seen.cpuUsPerUnit.toFixed(1)} us, ${seen.perSecond.toFixed(0)}/s`,
          )
        } catch (error) {
          await drop(contender.target, error)
        }
      }
    }
  } finally {
    await Promise.all([...contenders.values()].map(({ running }) => running.process.stop()))
  }
  const results = targets.map((target): Result => {
    const contender = contenders.get(target)
    if (contender !== undefined) return { target, kind: 'measured', rounds: contender.rounds }
    return { target, kind: 'failed', why: failures.get(target) ?? 'not run' }
  })
  return { case: options.case, results }
}

async function enter(target: TargetName, options: RunOptions): Promise<Contender> {
  const { runDir, origin, onLaunch } = options
  const dir = join(runDir, `${options.case.name}-${target}`)
  const port = await freePort()
  const sparePort = await freePort()
  const place = { dir, port, sparePort, originPort: origin.port, filesDir: origin.filesDir }
  const what = targetNamed(target).launch(options.case.job, place)
  onLaunch(target, what)
  const running = await launch(what, { dir, port, core: cores.target })
  return { target, running, ports: { target: port, origin: origin.port }, rounds: [] }
}

/** Rotates the order, so that no target is always first or always follows the same neighbour. */
function inTurn<T>(all: readonly T[], round: number): T[] {
  const first = all.length === 0 ? 0 : round % all.length
  return [...all.slice(first), ...all.slice(0, first)]
}

async function measure({ load }: Case, contender: Contender, seconds: number): Promise<Measurement> {
  const { ports, running } = contender
  const { pid } = running.process
  await warmUp(load, ports, warmUpMs)
  await sleep(settleMs)
  resetPeakRss(pid)
  const before = reading(pid)
  const driven = await drive(load, ports, seconds)
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
  }
}

const reading = (pid: number) => ({
  at: performance.now() / 1000,
  cpu: cpuSeconds(pid),
  core: coreBusySeconds(cores.target),
})
