import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type CounterBlock, cell, count } from './counters.ts'

/** Milliseconds between two looks at the loop. At 20 it would cost 0.3 % of a core for each instance, idle or not. */
const resolutionMs = 100

/** The percentile is of so much time at most: a hundred looks. */
const windowMs = 10_000

/** How often an instance beats: four times and more within the time after which it counts as stuck. */
export function beatPeriodMs(stuckMs: number): number {
  return Math.max(20, Math.min(1_000, stuckMs / 4))
}

/**
 * Tells from inside that the event loop turns, by counting `beats` up, and writes the 99th percentile of its delay in the
 * last seconds, milliseconds. Keeps nothing alive; call what it returns to stop it.
 */
export function startBeat(block: CounterBlock, periodMs: number): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  let elapsed = 0
  const timer = setInterval(() => {
    // What is measured is from one look to the next, the planned distance included.
    if (delay.count > 0) block[cell.loopDelayP99Ms] = Math.max(0, delay.percentile(99) / 1e6 - resolutionMs)
    elapsed += periodMs
    if (elapsed >= windowMs) {
      delay.reset()
      elapsed = 0
    }
    count(block, 'beats')
  }, periodMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    delay.disable()
  }
}
