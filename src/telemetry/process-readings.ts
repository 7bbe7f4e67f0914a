import { readdirSync, readFileSync, statSync } from 'node:fs'
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { Families } from './family.ts'

/** Between two looks at the loop: at 20 ms they would cost 0.3 % of a core. */
const resolutionMs = 100

/**
 * What the process and its main thread use, read when somebody asks. The delay of the loop is looked at from the first time on:
 * who never asks pays nothing for it.
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
    // What is measured is from one look to the next, the planned distance included.
    const late = this.#delay.count > 0 ? this.#delay.percentile(99) / 1e6 - resolutionMs : 0
    this.#delay.reset()
    families.add('nodejs.eventloop.delay.p99', {}, Math.max(0, late) / 1000)
  }
}

/** Null where the system does not say. */
function openDescriptors(): number | null {
  try {
    // From Linux 6.2 on the directory's size is how many there are.
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
