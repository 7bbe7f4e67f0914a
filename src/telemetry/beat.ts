import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type CounterBlock, cell, count } from './counters.ts'

/** Milliseconds between two looks at the loop: 50 timers a second, about 0.03 % of a core. */
const resolutionMs = 20

/** How often an instance beats: four times and more within the time after which it counts as stuck. */
export function beatPeriodMs(stuckMs: number): number {
  return Math.max(20, Math.min(1_000, stuckMs / 4))
}

/**
 * Tells from inside that the event loop turns, by counting `beats` up, and writes the 99th percentile of its delay since
 * the beat before, milliseconds. Keeps nothing alive; call what it returns to stop it.
 */
export function startBeat(block: CounterBlock, periodMs: number): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const timer = setInterval(() => {
    // What is measured is from one look to the next, the planned distance included.
    const p99 = delay.count === 0 ? 0 : delay.percentile(99) / 1e6 - resolutionMs
    block[cell.loopDelayP99Ms] = Math.max(0, p99)
    delay.reset()
    count(block, 'beats')
  }, periodMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    delay.disable()
  }
}
