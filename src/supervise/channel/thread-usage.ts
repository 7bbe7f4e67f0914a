/** Memory, CPU time and event loop of a thread. */

import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Worker } from 'node:worker_threads'
import { type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { Channel } from './channel.ts'

/** A thread deep in native code does not answer; the state of its loop is known without it. */
const patienceMs = 500

/** Every fifth reading asks V8 from outside, whatever the beats contain. */
const askEvery = 5

/** The part of a Worker that can be read from outside. */
export type AskedThread = Pick<Worker, 'getHeapStatistics' | 'cpuUsage' | 'performance'>

/**
 * Reads the usage of a thread. Its beats are almost free to read. Without a new beat since the last reading,
 * and with every fifth one, V8 is asked from outside, which interrupts the thread and works while it spins. A
 * value that does not arrive in time stays as it was.
 */
export function createGauge(thread: AskedThread, block: CounterBlock | null): Channel['usage'] {
  let loop: EventLoopUtilization | null = null
  let beats = 0
  let unasked = 0
  let own = { memoryBytes: 0, cpuMs: 0 }
  const ask = async (): Promise<void> => {
    const [memory, cpu] = await Promise.all([thread.getHeapStatistics(), thread.cpuUsage()])
    own = {
      memoryBytes: memory.used_heap_size + memory.external_memory,
      cpuMs: (cpu.user + cpu.system) / 1000,
    }
  }
  const askPatiently = async (): Promise<void> => {
    const patience = Promise.withResolvers<void>()
    const timer = setTimeout(patience.resolve, patienceMs)
    timer.unref()
    try {
      await Promise.race([ask(), patience.promise])
    } finally {
      clearTimeout(timer)
    }
  }
  return () => {
    const now = thread.performance.eventLoopUtilization()
    const loopUtilization = loop === null ? 0 : thread.performance.eventLoopUtilization(now, loop).utilization
    loop = now
    const latest = block?.[cell.beats] ?? 0
    const isNew = latest !== beats
    beats = latest
    if (block !== null && isNew && ++unasked < askEvery) {
      own = { memoryBytes: block[cell.memoryBytes] ?? 0, cpuMs: block[cell.cpuMs] ?? 0 }
      return { ...own, loopUtilization }
    }
    unasked = 0
    return askPatiently().then(() => ({ ...own, loopUtilization }))
  }
}
