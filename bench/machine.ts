/** Describes the machine and pins processes to its cores. */
import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, version } from 'node:os'

/** Describes the machine in one line. */
export function describeMachine(): string {
  const all = cpus()
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(0)
  return `${all.length} x ${all[0]?.model.trim() ?? 'unknown CPU'}, ${memoryGiB} GiB, Linux ${release()} (${version()}), Node ${process.versions.node}`
}

/** Pins this process to a core; children inherit it unless they choose another. */
export function pinSelf(core: number): void {
  execFileSync('taskset', ['-a', '-p', '-c', String(core), String(process.pid)], { stdio: 'ignore' })
}

export function wrkVersion(): string {
  // wrk -v prints its usage and exits with 1.
  const output = execFileSync('sh', ['-c', 'wrk -v 2>&1 || true'], { encoding: 'utf8' })
  return /^wrk (\S+)/m.exec(output)?.[1] ?? '?'
}
