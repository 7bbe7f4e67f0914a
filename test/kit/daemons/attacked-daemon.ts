/** A daemon with one worker that is attacked while honest clients use it. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect } from 'vitest'
import { type PipelinedRequest, type PipeliningResult, startPipelining } from '../attacks/pipelining.ts'
import { type HonestResult, p99, runHonestClients } from '../clients/honest-clients.ts'
import { tempDir } from '../files/temp-dir.ts'
import { startEchoOrigin } from '../origins/echo-origin.ts'
import { startOriginThread } from '../origins/origin-thread.ts'
import { threadTimesOf, waitShareSince } from '../processes/thread-times.ts'
import { selfSigned } from '../tls/self-signed.ts'
import { type ChildDaemon, startChildDaemon } from './child-daemon.ts'

export type AttackedWorker = 'forward' | 'reverse' | 'static'

export interface PipeliningVariant {
  readonly worker: AttackedWorker
  readonly isTls?: boolean
  /** Requests of an attacker; `origin` is the authority of an origin that echoes method, target and body. */
  readonly requests: (origin: string) => readonly PipelinedRequest[]
  readonly times: number
  readonly reads: 'all' | 'nothing' | 'slowly'
  readonly endsAfterFirst?: boolean
}

const names = {
  forward: ['forward_proxy', 'forward proxy'],
  reverse: ['reverse_proxy', 'reverse proxy'],
  static: ['static_files', 'static files'],
} as const

/** Time for the thread of the honest clients to start, so that they see the attack from its start. */
const quietMs = 300
const attackMs = 3_000
const connections = 20

/**
 * Bar for honest clients while the worker has a CPU to itself. On a busy machine it grows by the share of time
 * in which the worker waits for a CPU, and by what the same clients see of an idle server outside the daemon.
 */
const maxP99Ms = 250
/** The most that the bar grows by the waiting of the worker. */
const maxSlowdown = 4

/**
 * Bound on the growth of the daemon. Twenty pipelines of 64 KB need little; the young generation of a busy heap
 * alone can take about 100 MB.
 */
const maxGrowthMb = 160

/** The watchdog must stay quiet, and it must be able to notice a stall within the attack. */
const stuckSecs = 2

const rssMb = (pid: number) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

function configOf({ worker, isTls = false }: PipeliningVariant, origin: string, folder: string): object {
  const [cert, key] = [join(folder, 'site.pem'), join(folder, 'site.key')]
  writeFileSync(cert, selfSigned.cert)
  writeFileSync(key, selfSigned.key)
  writeFileSync(join(folder, 'index.html'), 'hello')
  writeFileSync(join(folder, 'other.txt'), 'other')
  writeFileSync(join(folder, 'big.bin'), '')
  truncateSync(join(folder, 'big.bin'), 64 * 1024 * 1024)
  const listener = { address: '127.0.0.1:0', ...(isTls ? { tls: { certificates: [{ cert, key }] } } : {}) }
  const kinds = {
    forward: { mode: 'Forward', block: {} },
    reverse: { mode: 'Reverse', block: { target: `http://${origin}` } },
    static: { mode: 'Static', block: { mounts: [{ path: '/', root_dir: folder }] } },
  }
  const { mode, block } = kinds[worker]
  const limits = { stuck_secs: stuckSecs, max_cpu_percent: 100 }
  return { mode, workers: { [names[worker][0]]: { listeners: [listener], ...limits, ...block } } }
}

export interface Attacked {
  readonly honest: HonestResult
  readonly attackers: PipeliningResult
  readonly growthMb: number
  /** Share of its active time in which the worker waited for a CPU. */
  readonly waitShare: number
  /** What the watchdog and the supervisor did. */
  readonly moves: readonly string[]
}

/** Runs one variant against a daemon of its own. */
async function attackOnce(variant: PipeliningVariant): Promise<Attacked> {
  const { worker, isTls = false, requests, times, reads, endsAfterFirst = false } = variant
  await using origin = await startEchoOrigin()
  await using control = await startOriginThread()
  await using daemon = await startChildDaemon(configOf(variant, origin.authority, tempDir()), 1024)
  const port = daemon.port(names[worker][1])
  const target = worker === 'forward' ? `http://${origin.authority}/honest` : '/honest'
  const honestPlan = {
    port,
    isTls,
    target: worker === 'static' ? '/index.html' : target,
    body: worker === 'static' ? 'hello' : 'GET /honest 0',
    controlPort: control.port,
  }
  // The first requests load and compile code.
  await runHonestClients(honestPlan, 500)
  const before = rssMb(daemon.pid)
  const threads = threadTimesOf(daemon.pid)
  const running = runHonestClients(honestPlan, quietMs + attackMs)
  await wait(quietMs)
  await using attack = await startPipelining({
    port,
    isTls,
    connections,
    requests: requests(origin.authority),
    times,
    reads,
    endsAfterFirst,
  })
  let highest = before
  let isOver = false
  const watching = (async () => {
    for (; !isOver; await wait(50)) highest = Math.max(highest, rssMb(daemon.pid))
  })()
  const honest = await running
  const attackers = await attack.stop()
  isOver = true
  await watching
  const waitShare = waitShareSince(threads, daemon.pid)
  const moves = await movesOf(daemon, names[worker][0])
  return { honest, attackers, growthMb: highest - before, waitShare, moves }
}

/** Nothing, while the first instance runs and its supervisor has not acted. */
async function movesOf(daemon: ChildDaemon, worker: string): Promise<readonly string[]> {
  const logged = daemon.log.filter((line) => /instance|stuck|restart/.test(line))
  const first = await daemon.stateOf(`${worker}#1`)
  const second = await daemon.stateOf(`${worker}#2`)
  const supervisor = await daemon.stateOf(`supervisor:${worker}`)
  const isQuiet = first === 'running.alive' && second === null && supervisor === 'supervising.steady'
  return isQuiet ? logged : [...logged, `#1 ${first}, #2 ${second}, supervisor ${supervisor}`]
}

/** Everything that a fair worker would not have let happen, except slowness. */
function faultsOf({ reads, endsAfterFirst }: PipeliningVariant, seen: Attacked): readonly string[] {
  const { honest, attackers, growthMb, moves } = seen
  const isAnswered = reads !== 'all' || attackers.answered > (endsAfterFirst ? 1 : connections)
  return [
    ...moves,
    ...honest.failures.map((failure) => `an honest client: ${failure}`),
    ...attackers.wrong.map((answer) => `a wrong ${answer}`),
    ...(attackers.cut === 0 ? [] : [`${attackers.cut} attackers were cut off`]),
    ...(isAnswered ? [] : [`only ${attackers.answered} pipelined requests were answered`]),
    ...(growthMb < maxGrowthMb ? [] : [`memory grew by ${Math.round(growthMb)} MB`]),
  ]
}

/** Honest clients that waited too long. */
function slownessOf({ honest, waitShare }: Attacked): readonly string[] {
  const barMs = maxP99Ms * Math.min(maxSlowdown, 1 / (1 - waitShare)) + p99(honest.control)
  const groups = { 'kept connections': honest.kept, 'new connections': honest.opened }
  return Object.entries(groups).flatMap(([name, times]) =>
    p99(times) < barMs
      ? []
      : [`${name}: p99 ${Math.round(p99(times))} ms of at most ${Math.round(barMs)} ms`],
  )
}

/** Other load on the machine may spoil one attempt; a worker that is stopped fails both. */
const attempts = 2

/** Expects that honest clients of the attacked worker are served in time, and that every answer is right. */
export async function expectFairness(variant: PipeliningVariant): Promise<Attacked> {
  for (let attempt = 1; ; attempt++) {
    const seen = await attackOnce(variant)
    const faults = faultsOf(variant, seen)
    const slowness = slownessOf(seen)
    if (faults.length > 0 || slowness.length === 0 || attempt === attempts) {
      expect([...faults, ...slowness]).toEqual([])
      return seen
    }
  }
}
