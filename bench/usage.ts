/** Usage of processes from /proc: the kernel's numbers, not the process's own. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

interface Stat {
  readonly pid: number
  readonly parent: number
  /** User and system time of all threads, and of ended children that were waited for. */
  readonly seconds: number
}

/**
 * proc_pid_stat(5); the second field may contain blanks and brackets, so fields are counted from the last
 * bracket.
 */
function readStat(pid: number): Stat | null {
  const text = readOrNull(`/proc/${pid}/stat`)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  const ticks = field(14) + field(15) + field(16) + field(17)
  return { pid, parent: field(4), seconds: ticks / ticksPerSecond }
}

/** A process and all its descendants: master and workers of nginx are one target. */
function tree(root: number): Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== null)
  const inTree = new Set([root])
  for (let before = 0; before !== inTree.size; ) {
    before = inTree.size
    for (const { pid, parent } of all) if (inTree.has(parent)) inTree.add(pid)
  }
  return all.filter(({ pid }) => inTree.has(pid))
}

export function pidsOf(root: number): number[] {
  return tree(root).map(({ pid }) => pid)
}

export function cpuSeconds(root: number): number {
  return tree(root).reduce((sum, { seconds }) => sum + seconds, 0)
}

/** Peak resident memory since the last reset; pages shared by two processes count in both. */
export function peakRssMiB(root: number): number {
  return statusKib(root, /^VmHWM:\s+(\d+) kB$/m) / 1024
}

/** Present resident memory. */
export function rssBytes(root: number): number {
  return statusKib(root, /^VmRSS:\s+(\d+) kB$/m) * 1024
}

function statusKib(root: number, field: RegExp): number {
  const kib = tree(root).map(({ pid }) => {
    const found = field.exec(readOrNull(`/proc/${pid}/status`) ?? '')
    return Number(found?.[1] ?? 0)
  })
  return kib.reduce((sum, one) => sum + one, 0)
}

/** proc(5): writing 5 to clear_refs resets the peak to the current resident size. */
export function resetPeakRss(root: number): void {
  for (const { pid } of tree(root)) {
    try {
      writeFileSync(`/proc/${pid}/clear_refs`, '5')
    } catch {
      // A process of another user, such as Squid after dropping root: its peak since its start is shown.
    }
  }
}

/** Seconds that a core was busy, including other guests of the hypervisor. */
export function coreBusySeconds(core: number): number {
  const line = readFileSync('/proc/stat', 'utf8').match(new RegExp(`^cpu${core} (.*)$`, 'm'))?.[1] ?? ''
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(' ').map(Number)
  return (user + nice + system + irq + softirq + steal) / ticksPerSecond
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null // it has ended meanwhile
  }
}
