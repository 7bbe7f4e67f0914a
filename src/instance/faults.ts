/** Deliberate faults for tests, and the way in which an instance fails. */
import { closeSync, openSync } from 'node:fs'
import type { Fault } from '../supervise/channel/channel.ts'

/** A failing chart is a bug, and the instance must not go on admitting connections by a dead chart. */
export function failLoudly(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

const mebibyte = 1024 * 1024

/** Breaks this instance on purpose. Only main can request it, and only if faults are allowed. */
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
    // Larger ones come faster than V8 marks them on a busy machine: see thread.ts.
    for (;;) hoard.push(new Array(100).fill(hoard.length))
  },
  buffers: () => {
    const hoard: Buffer[] = []
    for (;;) if (hoard.length < 2_048) hoard.push(Buffer.alloc(mebibyte / 4, 1))
  },
  leak: (maxMemoryMb) => {
    const hoard: Buffer[] = []
    // Never ends: an interval alone would be collected with its memory, and every collection makes room that
    // a real leak would fill.
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
      // Not a divisor of the interval at which the loop delay is measured: every measurement would coincide
      // with a turn of the loop.
      const end = performance.now() + 30
      while (performance.now() < end);
      if (end < until) setImmediate(slice)
    }
    slice()
  },
}
