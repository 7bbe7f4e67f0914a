import { closeSync, openSync } from 'node:fs'
import type { Fault } from '../supervise/channel/channel.ts'

/** A chart that fails is a bug: the instance must not go on admitting by a chart that is dead. */
export function failLoudly(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

const mebibyte = 1024 * 1024

/** Breaks this instance on purpose; only main can ask for it, and only where faults are allowed. */
export const faultActions: Readonly<Record<Fault, (maxMemoryMb: number) => void>> = {
  kill: () => {},
  throw: () => failLoudly(new Error('fault: throw')),
  reject: () => void Promise.reject(new Error('fault: reject')),
  exit: () => process.exit(3),
  spin: () => {
    for (;;);
  },
  heap: () => {
    const hoard: unknown[] = []
    for (;;) hoard.push({ at: hoard.length, link: [hoard.length] })
  },
  heapArrays: () => {
    const hoard: unknown[] = []
    for (;;) hoard.push(new Array(1000).fill(hoard.length))
  },
  buffers: () => {
    const hoard: Buffer[] = []
    for (;;) if (hoard.length < 2_048) hoard.push(Buffer.alloc(mebibyte / 4, 1))
  },
  leak: (maxMemoryMb) => {
    const hoard: Buffer[] = []
    // It never ends: what only a timer knows is gone with it, and a collection of the heap makes room that a leak would fill.
    setInterval(() => {
      const { heapUsed, external } = process.memoryUsage()
      if (heapUsed + external < 1.1 * maxMemoryMb * mebibyte) hoard.push(Buffer.alloc(mebibyte / 2, 1))
    }, 25).unref()
  },
  descriptors: () => {
    const opened: number[] = []
    try {
      for (;;) opened.push(openSync('/dev/null', 'r'))
    } catch {
      setTimeout(() => {
        for (const fd of opened) closeSync(fd)
      }, 3_000)
    }
  },
  burn: () => {
    const until = performance.now() + 3_000
    const slice = (): void => {
      // No divisor of the time between two looks at the loop's delay: each look would come just when the loop turns.
      const end = performance.now() + 30
      while (performance.now() < end);
      if (end < until) setImmediate(slice)
    }
    slice()
  },
}
