/** Runs the driver of a load against a target. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { bulk, connections } from '../cases.ts'
import { cores, Started } from '../processes.ts'
import type { Driven, Load } from '../types.ts'

export interface Ports {
  readonly target: number
  readonly origin: number
}

const spareMs = 15_000
const script = (name: string) => join(import.meta.dirname, name)

/** Runs the load of one measurement. */
export async function drive(load: Load, ports: Ports, seconds: number): Promise<Driven> {
  return result(await start(load, ports, seconds * 1000).finished(seconds * 1000 + spareMs))
}

/** Runs the same load for a while and discards the results. */
export async function warmUp(load: Load, ports: Ports, ms: number): Promise<void> {
  const driver = start(load, ports, ms, true)
  if (load.kind !== 'wrk') {
    await driver.finished(ms + spareMs)
    return
  }
  // wrk counts in whole seconds.
  await sleep(ms)
  driver.kill('SIGINT')
  await driver.finished(spareMs)
}

function start(load: Load, ports: Ports, ms: number, isWarmUp = false): Started {
  switch (load.kind) {
    case 'wrk':
      return new Started({
        command: 'wrk',
        args: wrkArgs(load, ports, Math.ceil(ms / 1000)),
        core: cores.rest,
      })
    case 'connect':
      return node('connect.ts', [ports.target, ports.origin, connections.connect, ms])
    case 'bytes': {
      const total = isWarmUp ? bulk.warmUpMiB : bulk.totalMiB
      return node('bytes.ts', [ports.target, ports.origin, bulk.path, bulk.fileMiB, total])
    }
  }
}

function node(name: string, args: readonly (string | number)[]): Started {
  return new Started({
    command: process.execPath,
    args: [script(name), ...args.map(String)],
    core: cores.rest,
  })
}

function wrkArgs(load: Extract<Load, { kind: 'wrk' }>, { target, origin }: Ports, seconds: number): string[] {
  const common = ['-t1', `-c${connections.wrk}`, `-d${seconds}s`, '--timeout', '5s', '--latency']
  return [
    ...common,
    ...(load.close ? ['-H', 'Connection: close'] : []),
    '-s',
    script('wrk.lua'),
    `http://127.0.0.1:${target}${load.path}`,
    ...(load.absolute ? ['--', `http://127.0.0.1:${origin}${load.path}`, `127.0.0.1:${origin}`] : []),
  ]
}

function result(output: string): Driven {
  const line = /^result (\{.*\})$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`the driver gave no result: ${output}`)
  return JSON.parse(line) as Driven
}
