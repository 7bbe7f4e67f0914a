/** Runs the driver of a load against a target. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beside, bulk, connections } from '../cases/sizes.ts'
import { cores, Started } from '../processes.ts'
import type { Driven } from '../results.ts'
import type { Load, Ports, WrkLoad } from '../types.ts'
import { wrkArgs } from './wrk-arguments.ts'

export interface Driving {
  readonly ms: number
  /** Arrivals per second of the loads `open` and `ramp`. */
  readonly perSecond: number
  /** MiB of the load `bytes`. */
  readonly totalMiB: number
}

const spareMs = 15_000
const script = (name: string) => join(import.meta.dirname, name)

/** Runs the load of one measurement. */
export async function drive(load: Load, ports: Ports, driving: Driving): Promise<Driven> {
  return result(await start(load, ports, driving).finished(driving.ms + spareMs))
}

/** Runs the same load, or the nearest one that reaches capacity, for a while and discards the results. */
export async function warmUp(load: Load, ports: Ports, ms: number): Promise<void> {
  const nearest = 'path' in load && load.kind !== 'wrk' ? keepAlive(load.path) : load
  const driver = start(nearest, ports, { ms, perSecond: 1, totalMiB: bulk.warmUpMiB })
  if (nearest.kind !== 'wrk') {
    await driver.finished(ms + spareMs)
    return
  }
  // wrk counts in whole seconds.
  await sleep(ms)
  driver.kill('SIGINT')
  await driver.finished(spareMs)
}

export const keepAlive = (path: string): WrkLoad => ({ kind: 'wrk', path })

function start(load: Load, ports: Ports, { ms, perSecond, totalMiB }: Driving): Started {
  const { target, origin } = ports
  switch (load.kind) {
    case 'wrk':
      return new Started({
        command: 'wrk',
        args: wrkArgs(load, ports, Math.ceil(ms / 1000)),
        core: cores.rest,
      })
    case 'connect':
      return node('connect.ts', [target, origin, connections.connect, ms])
    case 'bytes':
      return node('bytes.ts', [target, origin, bulk.path, bulk.fileMiB, totalMiB])
    case 'messages':
      return node('messages.ts', [target, connections.messages, ms])
    case 'open':
    case 'ramp':
      return node('open-loop.ts', [target, load.path, perSecond, connections.open, ms])
    case 'crowd':
      return node('crowd.ts', [target, load.path, ms])
    case 'beside':
      return node('beside.ts', [target, load.path, beside.kept, beside.opened, ms])
    case 'idle':
      throw new Error('idle connections have no requests')
  }
}

function node(name: string, args: readonly (string | number)[]): Started {
  return new Started({
    command: process.execPath,
    args: [script(name), ...args.map(String)],
    core: cores.rest,
  })
}

function result(output: string): Driven {
  const line = /^result (\{.*\})$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`the driver gave no result: ${output}`)
  return JSON.parse(line) as Driven
}
