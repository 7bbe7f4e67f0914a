/** Bifrost Bridge as a target. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Job, Launch, Place, Setup, Target, TargetName } from '../types.ts'
import { benchDir, projectDir } from './node.ts'

const probe = pathToFileURL(join(benchDir, 'probe/instance.ts'))

function target(name: TargetName, isObserved: boolean): Target {
  return {
    name,
    version,
    launch: (job: Job, place: Place, setup: Setup): Launch => ({
      command: process.execPath,
      args: [
        ...(place.probeDir === null ? [] : ['--import', `${probe}?dir=${place.probeDir}`]),
        join(projectDir, 'src/cli/bifrost.js'),
        '--config',
        join(place.dir, 'bifrost.json'),
      ],
      // By default spans wait 5 s, longer than a round.
      env: { NODE_ENV: 'production', ...(isObserved ? { OTEL_BSP_SCHEDULE_DELAY: '1000' } : {}) },
      files: { 'bifrost.json': `${JSON.stringify(configuration(job, place, setup, isObserved), null, 2)}\n` },
    }),
  }
}

/**
 * As in the README: the source, one thread for the worker, the admin server on. Only the limits are raised.
 */
export const bifrost = target('bifrost', false)

/** With a JSON access log, and 1 % of the requests exported as spans to a Collector that discards them. */
export const observed = target('bifrost-observed', true)

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

const modes = { reverse: 'Reverse', forward: 'Forward', static: 'Static' } as const

function configuration(job: Job, place: Place, setup: Setup, isObserved: boolean): object {
  const { port, sparePort, originPort, filesDir, dir, certificate, sinkPort } = place
  const common = {
    max_connections: setup.maxConnections,
    max_memory_mb: 2048,
    max_cpu_percent: 100,
    worker_threads: setup.instances,
    ...(setup.accessLog || isObserved ? { access_log: join(dir, 'access.log') } : {}),
    ...(isObserved ? { tracing: { sample_ratio: 0.01 } } : {}),
    ...(setup.tls ? { tls: { certificates: [certificate], min_version: 'TLSv1.3' } } : {}),
  }
  const pool = { connection_pool: { max_idle_per_host: 128 } }
  const workers = {
    reverse: { reverse_proxy: { ...common, target: `http://127.0.0.1:${originPort}`, ...pool } },
    forward: {
      forward_proxy: {
        ...common,
        ...pool,
        destinations: { allow: [`127.0.0.1:${originPort}`], connect_ports: [originPort] },
      },
    },
    static: { static_files: { ...common, mounts: [{ path: '/', root_dir: filesDir }] } },
  }
  return {
    mode: modes[job],
    listen_addr: `127.0.0.1:${port}`,
    workers: workers[job],
    admin: { listen_addr: `127.0.0.1:${sparePort}` },
    ...(isObserved ? { telemetry: { endpoint: `http://127.0.0.1:${sinkPort}` } } : {}),
  }
}
