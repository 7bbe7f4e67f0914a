import type { EventLoopUtilization } from 'node:perf_hooks'
import type { Worker } from 'node:worker_threads'
import { type CounterBlock, cell } from '../../telemetry/metrics/counters.ts'
import type { Channel } from './channel.ts'

/** A thread that is deep in native code answers nothing; what its loop does is known without it. */
const patienceMs = 500

/** Every so many readings the thread is asked from outside, whatever it says of itself. */
const askEvery = 5

/** What of a thread can be asked from outside. */
export type AskedThread = Pick<Worker, 'getHeapStatistics' | 'cpuUsage' | 'performance'>

/**
 * Reads what a thread uses. Its beats say so for next to nothing; where there is no new beat since the reading before, and
 * with every fifth reading, V8 is asked from outside, which interrupts the thread and is answered while it spins. What is
 * not answered in time is as it was the last time.
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
