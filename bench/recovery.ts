/**
 * Measures what clients notice when an instance ends: `npm run bench:recovery`. One instance serves 8 clients
 * in another process that connect, send one request and reconnect without pause; each kind of end happens 5
 * times. Prints a table with the bars of the design.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus, loadavg } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { defaultRestartPolicy } from '../actors/restart-policy.ts'
import { parseConfig } from '../src/config/load.ts'
import { startDaemon } from '../src/daemon.ts'
import type { Daemon } from '../src/supervise/daemon-contract.ts'
import type { ReconnectResult } from '../test/kit/clients/reconnecting-clients.ts'

const clients = 8
const ends = 5

interface End {
  readonly fault: string
  /** True if the instance can return its sockets, so that no request may fail. */
  readonly isPrompt: boolean
  readonly limits?: object
}

const kinds: readonly End[] = [
  { fault: 'throw', isPrompt: true },
  { fault: 'reject', isPrompt: true },
  { fault: 'exit', isPrompt: false },
  { fault: 'kill', isPrompt: false },
  { fault: 'heap', isPrompt: false, limits: { max_memory_mb: 128 } },
  { fault: 'spin', isPrompt: false, limits: { stuck_secs: 1 } },
]

const stateOf = (daemon: Daemon, actor: string) =>
  daemon.overview.actors().find((view) => view.actor === actor)?.state

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 30_000; !(await isTrue()); await wait(5))
    if (performance.now() > deadline) throw new Error('it did not recover within 30 s')
}

async function measure(
  { fault, limits = {} }: End,
  isolation: string,
  target: string,
): Promise<ReconnectResult> {
  const config = {
    mode: 'Reverse',
    listen_addr: '127.0.0.1:0',
    drain_timeout_secs: 1,
    admin: { enabled: false },
    workers: { reverse_proxy: { target, isolation, max_cpu_percent: 100, ...limits } },
  }
  const { settings } = parseConfig(JSON.stringify(config), {
    file: 'bench.json',
    baseDir: import.meta.dirname,
  })
  const daemon = await startDaemon(settings, {
    log: () => {},
    allowFaults: true,
    policy: { ...defaultRestartPolicy, intensity: 1_000 },
  })
  await daemon.running
  const port = daemon.addresses()['reverse_proxy']?.[0]?.port ?? 0
  const driver = fork(`${import.meta.dirname}/drivers/churn.ts`, [String(port), String(clients)])
  const ask = async (): Promise<ReconnectResult> => {
    driver.send('tell')
    const [seen] = (await once(driver, 'message')) as [ReconnectResult | null]
    return seen ?? (await wait(20).then(ask))
  }
  await until(async () => (await ask()).served > 100)
  for (let generation = 1; generation <= ends; generation++) {
    daemon.inject('reverse_proxy', fault)
    await until(() => stateOf(daemon, `reverse_proxy#${generation + 1}`) === 'running.alive')
    const { served } = await ask()
    await until(async () => (await ask()).served > served + 50)
  }
  driver.send('stop')
  const [result] = (await once(driver, 'message')) as [ReconnectResult]
  daemon.stop()
  await daemon.stopped
  return result
}

const origin = createServer((_req, res) => res.end('hello')).listen(0, '127.0.0.1')
await once(origin, 'listening')
const target = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
process.stdout.write(
  `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}, load before ${loadavg()[0]?.toFixed(2)}; ${clients} clients, ${ends} ends each\n\n`,
)
process.stdout.write(
  '| end | isolation | served | refused | reset or closed | longest wait | bar | |\n|---|---|---|---|---|---|---|---|\n',
)
for (const isolation of ['thread', 'process']) {
  for (const kind of kinds) {
    const { served, refused, reset, unanswered, maxMs } = await measure(kind, isolation, target)
    const lost = reset + unanswered
    const isMet = kind.isPrompt
      ? refused + lost === 0 && maxMs < 1_000
      : refused <= (kind.fault === 'spin' ? 0 : 20) && lost <= clients * ends
    const bar = kind.isPrompt ? '0, 0, < 1 s' : kind.fault === 'spin' ? '0 refused' : '<= 20 refused'
    process.stdout.write(
      `| ${kind.fault} | ${isolation} | ${served} | ${refused} | ${lost} | ${maxMs.toFixed(0)} ms | ${bar} | ${isMet ? 'met' : 'missed'} |\n`,
    )
  }
}
origin.close()
