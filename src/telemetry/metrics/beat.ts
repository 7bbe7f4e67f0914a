import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { type CounterBlock, cell, count } from './counters.ts'

/** Milliseconds between two looks at the loop, while it is looked at: at 20 each instance would pay 0.3 % of a core for it. */
const resolutionMs = 100

/** The percentile is of so much time at most: a hundred looks. */
const windowMs = 10_000

/** A loop that is busy for a smaller share of the time is not looked at: nothing in it is late by more than that. */
const watchedShare = 0.01

/** A little less than the second between two samples, so that each sample finds a new beat. */
const longestBeatMs = 950

/** How often an instance beats: four times and more within the time after which it counts as stuck. */
export function beatPeriodMs(stuckMs: number): number {
  return Math.max(20, Math.min(longestBeatMs, stuckMs / 4))
}

/**
 * Tells from inside that the event loop turns, by counting `beats` up, with the memory and CPU time of the thread, and
 * with the 99th percentile of the loop's delay in the last seconds, milliseconds. Keeps nothing alive; call what it
 * returns to stop it.
 */
export function startBeat(block: CounterBlock, periodMs: number): () => void {
  const beat = new Beat(block, periodMs)
  const timer = setInterval(() => beat.beat(), periodMs)
  timer.unref()
  beat.write()
  return () => {
    clearInterval(timer)
    beat.stop()
  }
}

class Beat {
  readonly #block: CounterBlock
  readonly #periodMs: number
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs })
  #loop = performance.eventLoopUtilization()
  #isWatched = false
  #elapsedMs = 0

  constructor(block: CounterBlock, periodMs: number) {
    this.#block = block
    this.#periodMs = periodMs
  }

  beat(): void {
    this.#watch()
    this.write()
    count(this.#block, 'beats')
  }

  write(): void {
    const { used_heap_size, external_memory } = getHeapStatistics()
    const { user, system } = process.threadCpuUsage()
    this.#block[cell.heapUsedBytes] = used_heap_size
    this.#block[cell.memoryBytes] = used_heap_size + external_memory
    this.#block[cell.cpuMs] = (user + system) / 1000
    // What is measured is from one look to the next, the planned distance included.
    this.#block[cell.loopDelayP99Ms] =
      this.#delay.count > 0 ? Math.max(0, this.#delay.percentile(99) / 1e6 - resolutionMs) : 0
  }

  stop(): void {
    this.#delay.disable()
  }

  #watch(): void {
    const now = performance.eventLoopUtilization()
    const isBusy = performance.eventLoopUtilization(now, this.#loop).utilization >= watchedShare
    this.#loop = now
    this.#elapsedMs += this.#periodMs
    if (this.#elapsedMs >= windowMs) {
      this.#delay.reset()
      this.#elapsedMs = 0
    }
    if (isBusy === this.#isWatched) return
    this.#isWatched = isBusy
    if (!isBusy) this.#delay.disable()
    else if (this.#delay.enable()) this.#elapsedMs = 0
  }
}
