/** The metrics of the daemon's process and its main thread. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { Families } from './family.ts'

/** Sampling interval for the event-loop delay; 20 ms would cost 0.3 % of a core. */
const resolutionMs = 100

/**
 * Usage of the process and its main thread, read on demand. Sampling of the loop delay starts with the first
 * read.
 */
export class ProcessReadings {
  #loop: EventLoopUtilization = performance.eventLoopUtilization()
  #delay: ReturnType<typeof monitorEventLoopDelay> | null = null

  addTo(families: Families): void {
    this.#addLoop(families)
    families.add('v8js.memory.heap.used', {}, getHeapStatistics().used_heap_size)
    const { user, system } = process.cpuUsage()
    families.add('process.cpu.time', { 'cpu.mode': 'user' }, user / 1e6)
    families.add('process.cpu.time', { 'cpu.mode': 'system' }, system / 1e6)
    families.add('process.memory.usage', {}, process.memoryUsage.rss())
    families.add('process.uptime', {}, process.uptime())
    const descriptors = openDescriptors()
    if (descriptors !== null) families.add('process.unix.file_descriptor.count', {}, descriptors)
    const threads = threadCount()
    if (threads !== null) families.add('process.thread.count', {}, threads)
  }

  close(): void {
    this.#delay?.disable()
  }

  #addLoop(families: Families): void {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, this.#loop)
    this.#loop = now
    families.add('nodejs.eventloop.utilization', {}, utilization)
    if (this.#delay === null) {
      this.#delay = monitorEventLoopDelay({ resolution: resolutionMs })
      this.#delay.enable()
    }
    // The monitor measures the time between samples, planned interval included.
    const late = this.#delay.count > 0 ? this.#delay.percentile(99) / 1e6 - resolutionMs : 0
    this.#delay.reset()
    families.add('nodejs.eventloop.delay.p99', {}, Math.max(0, late) / 1000)
  }
}

/** Null if the system does not report it. */
function openDescriptors(): number | null {
  try {
    // From Linux 6.2 on, the directory's size is the number of descriptors.
    return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length - 1
  } catch {
    return null
  }
}

function threadCount(): number | null {
  try {
    const count = /^Threads:\s+(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return count === undefined ? null : Number(count)
  } catch {
    return null
  }
}
