/** Starts the daemon in another process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RawClient } from '../clients/raw-client.ts'
import { withLoopback } from '../configuration/destinations.ts'
import { tempDir } from '../files/temp-dir.ts'
import { endChild } from '../processes/end-child.ts'
import { childrenOf } from '../processes/processes.ts'
import { tied } from '../processes/tied.ts'
import { until } from '../waiting/until.ts'

const cli = join(import.meta.dirname, '../../../src/cli/bifrost.js')

/** A daemon in another process, started by its command line. */
export interface ChildDaemon extends AsyncDisposable {
  readonly pid: number
  /** Everything it has printed. */
  readonly output: string
  /** Lines of its log. */
  readonly log: readonly string[]
  /** First port with this description in the output: `reverse proxy`, `static files`, `admin`. */
  port(description: string): number
  /** CPU time of the daemon and its child processes, in milliseconds. */
  cpuMs(): number
  /** Number of open descriptors in the daemon and in each child process. */
  descriptors(): readonly number[]
  isRunning(): boolean
  inject(worker: string, fault: string): Promise<number>
  /** State of an actor in `/status`, or null. */
  stateOf(actor: string): Promise<string | null>
}

const tickMs = 10

const statOf = (pid: number) => {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}

function cpuMsOf(pid: number): number {
  const fields = statOf(pid)
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

/**
 * Starts a daemon with faults allowed and waits until it serves. `maxDescriptors` is its "ulimit -n", soft
 * and hard.
 */
export async function startChildDaemon(
  config: object,
  maxDescriptors: number,
  env: NodeJS.ProcessEnv = {},
): Promise<ChildDaemon> {
  const folder = tempDir()
  const file = join(folder, 'config.json')
  const admin = { listen_addr: '127.0.0.1:0' }
  writeFileSync(file, JSON.stringify({ admin, drain_timeout_secs: 1, ...withLoopback(config) }))
  const command = `ulimit -n ${maxDescriptors} && exec "$0" "$@"`
  const child: ChildProcess = tied(
    spawn('sh', ['-c', command, process.execPath, cli, '--config', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, BIFROST_FAULTS: '1', ...env },
    }),
  )
  const ended = once(child, 'close')
  let said = ''
  let logged = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    logged += text
  })
  const isRunning = () => child.exitCode === null && child.signalCode === null
  const { pid = 0 } = child
  const end = () => endChild(child, ended, folder)
  try {
    await until('it serves', () => !isRunning() || said.includes('Ctrl+C'), 50_000)
    if (!isRunning()) throw new Error(`it has ended: ${logged}`)
  } catch (error) {
    await end()
    throw error
  }
  const port = (description: string) => {
    const found = new RegExp(`127\\.0\\.0\\.1:(\\d+) +${description}`).exec(said)?.[1]
    if (found === undefined) throw new Error(`nothing is called ${description} in ${said}`)
    return Number(found)
  }
  return {
    pid,
    get output() {
      return said
    },
    get log() {
      return logged.split('\n').slice(0, -1)
    },
    port,
    cpuMs: () => [pid, ...childrenOf(pid)].reduce((sum, one) => sum + cpuMsOf(one), 0),
    descriptors: () => [pid, ...childrenOf(pid)].map((one) => readdirSync(`/proc/${one}/fd`).length),
    isRunning,
    async inject(worker, fault) {
      using client = await RawClient.connect(port('admin'))
      client.head(`POST /faults/${worker}/${fault} HTTP/1.1`, 'Host: localhost', 'Content-Length: 0')
      return (await client.response()).status
    },
    async stateOf(actor) {
      using client = await RawClient.connect(port('admin'))
      client.head('GET /status HTTP/1.1', 'Host: localhost', 'Connection: close')
      const { actors } = JSON.parse((await client.response()).text) as {
        readonly actors: readonly { readonly actor: string; readonly state: string }[]
      }
      return actors.find((one) => one.actor === actor)?.state ?? null
    },
    [Symbol.asyncDispose]: end,
  }
}
