import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, version } from 'node:os'

/** One line. */
export function describeMachine(): string {
  const all = cpus()
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(0)
  return `${all.length} x ${all[0]?.model.trim() ?? 'unknown CPU'}, ${memoryGiB} GiB, Linux ${release()} (${version()}), Node ${process.versions.node}`
}

/** Ourselves to a core: all that is started without its own wish inherits it. */
export function pinSelf(core: number): void {
  execFileSync('taskset', ['-a', '-p', '-c', String(core), String(process.pid)], { stdio: 'ignore' })
}

export function wrkVersion(): string {
  // wrk -v prints its usage and ends with 1.
  const output = execFileSync('sh', ['-c', 'wrk -v 2>&1 || true'], { encoding: 'utf8' })
  return /^wrk (\S+)/m.exec(output)?.[1] ?? '?'
}
