/** Bifrost Bridge as a target. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Job, Launch, Place, Target } from '../types.ts'
import { projectDir } from './node.ts'

/**
 * As in the README: the source, one thread for the worker, the admin server on. Only the limits are raised.
 */
export const bifrost: Target = {
  name: 'bifrost',
  version,
  launch: (job: Job, place: Place): Launch => ({
    command: process.execPath,
    args: [join(projectDir, 'src/cli/bifrost.js'), '--config', join(place.dir, 'bifrost.json')],
    env: { NODE_ENV: 'production' },
    files: { 'bifrost.json': `${JSON.stringify(configuration(job, place), null, 2)}\n` },
  }),
}

function version(): string {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', projectDir, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  try {
    const isDirty = git('status', '--porcelain', '--', 'src', 'actors', 'package-lock.json') !== ''
    return `${git('rev-parse', '--short', 'HEAD')}${isDirty ? ' with local changes' : ''}`
  } catch {
    return 'from no git checkout'
  }
}

const limits = { max_connections: 4096, max_memory_mb: 2048, max_cpu_percent: 100, worker_threads: 1 }
const modes = { reverse: 'Reverse', forward: 'Forward', static: 'Static' } as const

function configuration(job: Job, { port, sparePort, originPort, filesDir }: Place): object {
  const workers = {
    reverse: {
      reverse_proxy: {
        ...limits,
        target: `http://127.0.0.1:${originPort}`,
        connection_pool: { max_idle_per_host: 128 },
      },
    },
    forward: {
      forward_proxy: {
        ...limits,
        connection_pool: { max_idle_per_host: 128 },
        destinations: { allow: [`127.0.0.1:${originPort}`], connect_ports: [originPort] },
      },
    },
    static: { static_files: { ...limits, mounts: [{ path: '/', root_dir: filesDir }] } },
  }
  return {
    mode: modes[job],
    listen_addr: `127.0.0.1:${port}`,
    workers: workers[job],
    admin: { listen_addr: `127.0.0.1:${sparePort}` },
  }
}
