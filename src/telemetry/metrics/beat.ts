/** The heartbeat of an instance: proof that its event loop runs, with its memory, CPU time and loop delay. */
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { type CounterBlock, cell, count } from './counters.ts'

/**
 * Milliseconds between two samples of the loop while it is monitored; 20 ms would cost each instance 0.3 % of
 * a core.
 */
const resolutionMs = 100

/** Maximum time covered by the percentile: a hundred samples. */
const windowMs = 10_000

/**
 * A loop that is busy for a smaller share of the time is not monitored: its delays cannot be longer than
 * that.
 */
const watchedShare = 0.01

/** Slightly less than the second between two readings of main, so that each reading finds a new beat. */
const longestBeatMs = 950

/** Interval of an instance's beats: at most a quarter of the time after which it counts as stuck. */
export function beatPeriodMs(stuckMs: number): number {
  return Math.max(20, Math.min(longestBeatMs, stuckMs / 4))
}

/**
 * Shows that the event loop runs by counting up `beats`; also writes the thread's memory and CPU time and the
 * 99th percentile of the recent loop delay. Keeps nothing alive. Returns a function that stops it.
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
    // The monitor measures the time between samples, planned interval included.
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
