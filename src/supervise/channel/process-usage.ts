/** Memory and CPU time of a process. */

import { readFile } from 'node:fs/promises'
import type { Usage } from './channel.ts'
import type { Beat } from './process-wire.ts'

/** Ticks of the CPU times in /proc: 100 a second on every Linux that Node runs on (`getconf CLK_TCK`). */
const tickMs = 10

/**
 * Memory that Node and V8 use in a process besides the used heap: 30 to 50 MiB when it is empty, and a young
 * generation that grows to about 48 MiB under load. More than that is a leak in native code, and counts.
 */
export const runtimeBytes = 96 * 1024 * 1024

/**
 * Growth since the last beat that may be that young generation (mostly garbage) and lazily loaded modules.
 */
export const growthBytes = 48 * 1024 * 1024

export interface MemoryReading {
  /** From its last beat: used heap and external memory. */
  readonly ownBytes: number
  /** From the kernel: memory of this process alone, without mapped code (RssAnon). */
  readonly privateBytes: number
  /** The same at the first reading after that beat. */
  readonly privateBytesAtBeat: number
}

/** Memory that counts against the limit: the process's own number plus its growth since, or the kernel's. */
export function memoryOf({ ownBytes, privateBytes, privateBytesAtBeat }: MemoryReading): number {
  return Math.max(
    ownBytes + Math.max(0, privateBytes - privateBytesAtBeat - growthBytes),
    Math.max(0, privateBytes - runtimeBytes),
  )
}

/**
 * Reads the memory of a process from its beats and the kernel, and CPU time from the kernel, even if the
 * process spins. Without /proc both come from the last beat. The event loop is known from beats only; if they
 * stay away it counts as busy.
 */
export class ProcessGauge {
  #beat: Beat | null = null
  #dueAt = 0
  #privateBytesAtBeat: number | null = null

  /** `dueAt`: `performance.now()` by when the next one is due. */
  heard(beat: Beat, dueAt: number): void {
    this.#beat = beat
    this.#dueAt = dueAt
    this.#privateBytesAtBeat = null
  }

  async read(pid: number, now: number): Promise<Usage> {
    const [privateBytes, cpuMs] = await Promise.all([privateBytesOf(pid), cpuTimeMs(pid)])
    const ownBytes = this.#beat?.memoryBytes ?? 0
    if (privateBytes !== undefined) this.#privateBytesAtBeat ??= privateBytes
    const privateBytesAtBeat = this.#privateBytesAtBeat ?? 0
    return {
      memoryBytes:
        privateBytes === undefined ? ownBytes : memoryOf({ ownBytes, privateBytes, privateBytesAtBeat }),
      cpuMs: cpuMs ?? this.#beat?.cpuMs ?? 0,
      loopUtilization: this.#beat === null ? 0 : now > this.#dueAt ? 1 : this.#beat.loopUtilization,
    }
  }
}

async function privateBytesOf(pid: number): Promise<number | undefined> {
  const kib = /^RssAnon:\s+(\d+) kB$/m.exec(await textOf(`/proc/${pid}/status`))?.[1]
  return kib === undefined ? undefined : Number(kib) * 1024
}

async function cpuTimeMs(pid: number): Promise<number | undefined> {
  const stat = await textOf(`/proc/${pid}/stat`)
  // The second field is the name, in brackets, and may hold anything; user and system time are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return Number.isFinite(ticks) ? ticks * tickMs : undefined
}

const textOf = (file: string) => readFile(file, 'utf8').catch(() => '')
