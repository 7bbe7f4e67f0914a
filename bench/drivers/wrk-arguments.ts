/** The command line of wrk. */
import { join } from 'node:path'
import { connections } from '../cases/sizes.ts'
import type { Ports, WrkLoad } from '../types.ts'

export function wrkArgs(load: WrkLoad, { target, origin }: Ports, seconds: number): string[] {
  const scriptArgs = load.absolute
    ? [`http://127.0.0.1:${origin}${load.path}`, `127.0.0.1:${origin}`]
    : load.upload === undefined
      ? []
      : [String(load.upload)]
  return [
    '-t1',
    `-c${load.connections ?? connections.wrk}`,
    `-d${seconds}s`,
    '--timeout',
    '5s',
    '--latency',
    ...(load.close ? ['-H', 'Connection: close'] : []),
    '-s',
    join(import.meta.dirname, 'wrk.lua'),
    `${load.tls ? 'https' : 'http'}://127.0.0.1:${target}${load.path}`,
    ...(scriptArgs.length > 0 ? ['--', ...scriptArgs] : []),
  ]
}
