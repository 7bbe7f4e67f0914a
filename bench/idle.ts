/** Measures the memory of idle connections: a fresh process, many connections, one request on each. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connections } from './cases/sizes.ts'
import type { Contender, Contenders } from './contenders.ts'
import { keepAlive, warmUp } from './drivers/drive.ts'
import { observe } from './measure.ts'
import type { RunOptions } from './pace.ts'
import { readHeap } from './probe/client.ts'
import { cores, Started } from './processes.ts'
import type { Driven, Measurement } from './results.ts'
import { type Rounds, takeRounds } from './rounds.ts'
import { rssBytes } from './usage.ts'

const longestMs = 20_000

/** Both readings come right after a full collection, where there is a heap. */
async function memory({ running, probeDir }: Contender): Promise<{ rss: number; heap: number | null }> {
  const heap = probeDir === null ? null : (await readHeap(probeDir)).heapUsed
  await sleep(100)
  return { rss: rssBytes(running.process.pid), heap }
}

/** The target must be fresh: memory of closed connections would be used again. */
async function measureIdle(contender: Contender, path: string): Promise<Measurement> {
  return observe(contender, async (): Promise<Driven> => {
    const before = await memory(contender)
    const began = performance.now()
    const holder = new Started({
      command: process.execPath,
      args: [
        join(import.meta.dirname, 'drivers/hold.ts'),
        ...[contender.ports.target, path, connections.idle].map(String),
      ],
      core: cores.rest,
    })
    try {
      await isHeld(holder)
      const seconds = (performance.now() - began) / 1000
      const after = await memory(contender)
      const each = (to: number, from: number) => (to - from) / connections.idle
      const extra = {
        rssBytes: each(after.rss, before.rss),
        ...(after.heap === null || before.heap === null ? {} : { heapBytes: each(after.heap, before.heap) }),
      }
      return { done: connections.idle, seconds, errors: 0, p50Us: null, p99Us: null, extra }
    } finally {
      await holder.stop()
    }
  })
}

async function isHeld(holder: Started): Promise<void> {
  const deadline = performance.now() + longestMs
  while (!holder.output.includes('held')) {
    if (holder.isGone) throw new Error(`the driver ${holder.ending}`)
    if (performance.now() > deadline) throw new Error('the connections were not open in time')
    await sleep(20)
  }
}

/** A fresh process for each measurement. */
export async function runIdle(options: RunOptions, contenders: Contenders, path: string): Promise<Rounds> {
  const { targets, pace, noise, say, case: one } = options
  const fresh = async (entered: Contender, round: number) => {
    const { target } = entered
    if (round > 0) await contenders.leave(target)
    const contender = round > 0 ? await contenders.enter(target, true) : entered
    await warmUp(keepAlive(path), contender.ports, pace.firstWarmUpMs)
    const seen = await measureIdle(contender, path)
    say(`${one.name} round ${round + 1} ${target}: ${JSON.stringify(seen.extra)}`)
    return seen
  }
  for (const target of targets)
    await contenders.attempt(target, async () => void (await contenders.enter(target, true)))
  return takeRounds(contenders, noise, pace, fresh)
}
