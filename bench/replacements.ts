/**
 * Measures what replaced thread instances leave behind in the process: `npm run bench:replacements [times]`.
 * A daemon with one reverse proxy and an access log replaces its instance by each kind of end in turn. Prints
 * memory and descriptors over time.
 */

import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { defaultRestartPolicy } from '../actors/restart-policy.ts'
import { parseConfig } from '../src/config/load.ts'
import { startDaemon } from '../src/daemon.ts'
import type { Daemon } from '../src/supervise/daemon-contract.ts'

const times = Number(process.argv[2] ?? 400)
const requests = 5
const mebibyte = 1024 * 1024

interface End {
  readonly name: string
  readonly times: number
  end(daemon: Daemon): void
}

const fault = (name: string, share: number): End => ({
  name,
  times: Math.max(1, Math.round(times * share)),
  end: (daemon) => daemon.inject('reverse_proxy', name),
})

const ends: readonly End[] = [
  { name: 'recycle', times, end: (daemon) => daemon.recycle('reverse_proxy') },
  fault('throw', 1 / 8),
  fault('exit', 1 / 8),
  fault('kill', 1 / 8),
  fault('heap', 1 / 40),
  { name: 'recycle', times: Math.round(times / 8), end: (daemon) => daemon.recycle('reverse_proxy') },
]

function instancesOf(daemon: Daemon): readonly { readonly generation: number; readonly state: string }[] {
  return daemon.overview.actors().flatMap(({ actor, state }) => {
    const generation = /^reverse_proxy#(\d+)$/.exec(actor)?.[1]
    return generation === undefined || !state.startsWith('running.')
      ? []
      : { generation: Number(generation), state }
  })
}

async function replace(daemon: Daemon, { end }: End): Promise<void> {
  const [before] = instancesOf(daemon)
  end(daemon)
  const isReplaced = () => {
    const all = instancesOf(daemon)
    return all.length === 1 && all[0]?.state === 'running.alive' && all[0].generation !== before?.generation
  }
  for (const deadline = performance.now() + 30_000; !isReplaced(); await wait(5))
    if (performance.now() > deadline) throw new Error('it was not replaced within 30 s')
}

async function ask(port: number): Promise<void> {
  for (let n = 0; n < requests; n += 1) {
    const [res] = await once(get({ host: '127.0.0.1', port, agent: false }), 'response')
    await once(res.resume(), 'end')
  }
}

function row(name: string, done: number): void {
  // Collect first: uncollected garbage is not a leak.
  globalThis.gc?.()
  const { heapUsed, external, arrayBuffers } = process.memoryUsage()
  const status = readFileSync('/proc/self/status', 'latin1')
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0)
  const figures = [
    (kilobytes('VmRSS') / 1024).toFixed(0),
    (heapUsed / mebibyte).toFixed(1),
    (external / mebibyte).toFixed(1),
    (arrayBuffers / mebibyte).toFixed(1),
    readdirSync('/proc/self/fd').length,
    readdirSync('/proc/self/task').length,
  ]
  process.stdout.write(`| ${name} | ${done} | ${figures.join(' | ')} |\n`)
}

const folder = mkdtempSync(join(tmpdir(), 'bifrost-replacements-'))
const origin = createServer((_req, res) => res.end('hello')).listen(0, '127.0.0.1')
await once(origin, 'listening')
const target = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
const accessLog = { path: join(folder, 'access.log'), flush_ms: 5 }
const config = {
  mode: 'Reverse',
  listen_addr: '127.0.0.1:0',
  drain_timeout_secs: 1,
  admin: { enabled: false },
  workers: { reverse_proxy: { target, isolation: 'thread', max_cpu_percent: 100, access_log: accessLog } },
}
const { settings } = parseConfig(JSON.stringify(config), { file: 'bench.json', baseDir: import.meta.dirname })
const daemon = await startDaemon(settings, {
  log: () => {},
  allowFaults: true,
  policy: { ...defaultRestartPolicy, intensity: 10_000 },
})
await daemon.running
const port = daemon.addresses()['reverse_proxy']?.[0]?.port ?? 0
process.stdout.write(
  `Node ${process.versions.node} ${process.execArgv.join(' ')}, ${cpus().length} x ${cpus()[0]?.model}, load before ${loadavg()[0]?.toFixed(2)}; MiB\n\n`,
)
process.stdout.write(
  '| ends by | replacements | RSS | heap of main | external | array buffers | descriptors | threads |\n|---|---|---|---|---|---|---|---|\n',
)
await ask(port)
row('start', 0)
for (const end of ends) {
  const every = Math.max(1, Math.round(end.times / 5))
  for (let n = 1; n <= end.times; n += 1) {
    await replace(daemon, end)
    await ask(port)
    if (n % every === 0) row(end.name, n)
  }
}
await wait(10_000)
row('ten seconds later', 0)
daemon.stop()
await daemon.stopped
origin.close()
rmSync(folder, { recursive: true, force: true })
