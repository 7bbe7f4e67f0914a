import { readFile } from 'node:fs/promises'
import type { Usage } from './channel.ts'
import type { Beat } from './process-wire.ts'

/** Ticks of the CPU times in /proc: 100 a second on every Linux that Node runs on (`getconf CLK_TCK`). */
const tickMs = 10

/**
 * What Node and V8 have of their own in a process, on top of its heap in use: 30 to 50 MiB when it is empty, and a young
 * generation that grows to some 48 MiB under load. More than that is a leak in native code, and counts.
 */
export const runtimeBytes = 96 * 1024 * 1024

/**
 * How much of what it has taken since its last beat may be that young generation, garbage for the most part, and modules that are
 * loaded when they are first needed.
 */
export const growthBytes = 48 * 1024 * 1024

export interface MemoryReading {
  /** What it said with its last beat: heap in use and what lies outside of it. */
  readonly ownBytes: number
  /** The kernel's number: memory of this process alone, without the code that it maps (RssAnon). */
  readonly privateBytes: number
  /** The same when it was first read after that beat. */
  readonly privateBytesAtBeat: number
}

/** Memory that counts against the limit: as the process tells it, with what it has hoarded since, or as the kernel does. */
export function memoryOf({ ownBytes, privateBytes, privateBytesAtBeat }: MemoryReading): number {
  return Math.max(
    ownBytes + Math.max(0, privateBytes - privateBytesAtBeat - growthBytes),
    Math.max(0, privateBytes - runtimeBytes),
  )
}

/**
 * Reads what a process uses: memory from its beats and the kernel, CPU time from the kernel, also of a process that spins.
 * Without /proc both are those of the last beat. The loop can only be known from the beats: without one for a while it is
 * taken to be busy.
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
