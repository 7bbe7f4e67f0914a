import { readFile } from 'node:fs/promises'
import type { Usage } from './channel.ts'
import type { Beat } from './process-wire.ts'

/** Ticks of the CPU times in /proc: 100 a second on every Linux that Node runs on (`getconf CLK_TCK`). */
const tickMs = 10

export interface LastBeat {
  readonly beat: Beat
  /** `performance.now()` by when the next one is due; without it by then the loop does not turn. */
  readonly dueAt: number
}

/**
 * Memory (resident set) and CPU time are the kernel's numbers where there is /proc, also of a process that spins; else
 * those of its last beat. The loop can only be known from the beats: without one for a while it is taken to be busy.
 */
export async function readProcessUsage(pid: number, last: LastBeat | null, now: number): Promise<Usage> {
  const [memoryBytes, cpuMs] = await Promise.all([residentBytes(pid), cpuTimeMs(pid)])
  return {
    memoryBytes: memoryBytes ?? last?.beat.memoryBytes ?? 0,
    cpuMs: cpuMs ?? last?.beat.cpuMs ?? 0,
    loopUtilization: last === null ? 0 : now > last.dueAt ? 1 : last.beat.loopUtilization,
  }
}

async function residentBytes(pid: number): Promise<number | undefined> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await textOf(`/proc/${pid}/status`))?.[1]
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
