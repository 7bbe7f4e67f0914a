/** Reads how the kernel has scheduled the threads of a process. */
import { readdirSync, readFileSync } from 'node:fs'

interface ThreadTimes {
  readonly ranMs: number
  readonly waitedMs: number
}

/** Times of each thread since its start, by thread id. */
export function threadTimesOf(pid: number): ReadonlyMap<string, ThreadTimes> {
  const times = new Map<string, ThreadTimes>()
  for (const id of readdirSync(`/proc/${pid}/task`)) {
    try {
      const [ran, waited] = readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')
      times.set(id, { ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6 })
    } catch {
      // The thread has ended meanwhile.
    }
  }
  return times
}

/** Of the thread that ran most since `before`: the share of its active time in which it waited for a CPU. */
export function waitShareSince(before: ReadonlyMap<string, ThreadTimes>, pid: number): number {
  const spans = [...threadTimesOf(pid)].map(([id, now]) => {
    const { ranMs = 0, waitedMs = 0 } = before.get(id) ?? {}
    return { ranMs: now.ranMs - ranMs, waitedMs: now.waitedMs - waitedMs }
  })
  const [busiest = { ranMs: 1, waitedMs: 0 }] = spans.toSorted((a, b) => b.ranMs - a.ranMs)
  return busiest.waitedMs / Math.max(1, busiest.ranMs + busiest.waitedMs)
}
