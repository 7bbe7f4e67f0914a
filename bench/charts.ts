/**
 * Measures what three viewers of the charts cost the data path: `npm run bench:charts`. One daemon with one
 * static worker in a thread serves 8 clients that connect, send one request and reconnect, which gives the
 * inspected ledger the most work. Turns of some seconds without and with 3 viewers alternate and are compared
 * in pairs; the bar is 1 %.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { cpus, loadavg } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { parseConfig } from '../src/config/load.ts'
import { startDaemon } from '../src/daemon.ts'
import type { Daemon } from '../src/supervise/daemon-contract.ts'
import { spreadOf } from './statistics.ts'

const clients = 8
const viewers = 3
const pairs = Number(process.argv[2] ?? 15)
const turnMs = 3_000
const barPercent = 1

const say = (text: string) => process.stdout.write(`${text}\n`)

interface Turn {
  readonly perSecond: number
  /** CPU of the whole daemon: the worker's thread and main. */
  readonly cpuUs: number
}

async function measure(daemon: Daemon): Promise<Turn> {
  const served = () => daemon.overview.counters('static_files')?.requestsTotal ?? 0
  // Let starting and ending connections settle.
  await wait(200)
  const [before, cpu, at] = [served(), process.cpuUsage(), performance.now()]
  await wait(turnMs)
  const requests = served() - before
  const { user, system } = process.cpuUsage(cpu)
  return { perSecond: requests / ((performance.now() - at) / 1000), cpuUs: (user + system) / requests }
}

/** Reads events and discards them, in a process of its own. */
function watch(port: number): void {
  const watching = Array.from({ length: viewers }, () =>
    get({ host: '127.0.0.1', port, path: '/api/events', agent: false }, (res) => res.resume()),
  )
  process.on('disconnect', () => {
    for (const one of watching) one.destroy()
  })
  process.send?.('watching')
}

async function compare(): Promise<void> {
  const config = {
    mode: 'Static',
    listen_addr: '127.0.0.1:0',
    drain_timeout_secs: 1,
    admin: { listen_addr: '127.0.0.1:0', token: 'an-unused-token-of-a-test' },
    workers: { static_files: { mounts: [{ path: '/', root_dir: '../config/site' }], max_cpu_percent: 100 } },
  }
  const place = { file: 'bench.json', baseDir: import.meta.dirname }
  const daemon = await startDaemon(parseConfig(JSON.stringify(config), place).settings, { log: () => {} })
  await daemon.running
  const portOf = (name: string) => daemon.addresses()[name]?.[0]?.port ?? 0
  const load = fork(`${import.meta.dirname}/drivers/churn.ts`, [
    String(portOf('static_files')),
    String(clients),
  ])
  await wait(3_000)
  const alone: Turn[] = []
  const watched: Turn[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const turns = [
      async () => alone.push(await measure(daemon)),
      async () => {
        const audience = fork(import.meta.filename, ['watch', String(portOf('admin'))])
        await once(audience, 'message')
        watched.push(await measure(daemon))
        audience.disconnect()
        await once(audience, 'exit')
      },
    ]
    // Alternate which one goes first.
    for (const turn of pair % 2 === 0 ? turns : turns.reverse()) await turn()
    const [a, w] = [alone.at(-1), watched.at(-1)]
    say(
      `pair ${pair + 1}/${pairs}: ${a?.perSecond.toFixed(0)}/s ${a?.cpuUs.toFixed(1)} us alone, ${w?.perSecond.toFixed(0)}/s ${w?.cpuUs.toFixed(1)} us watched`,
    )
  }
  load.kill()
  daemon.stop()
  await daemon.stopped
  report(alone, watched)
}

function report(alone: readonly Turn[], watched: readonly Turn[]): void {
  const percent = (name: keyof Turn) =>
    spreadOf(alone.map((turn, at) => ((watched[at]?.[name] ?? 0) / turn[name] - 1) * 100))
  /** The difference between neighbouring turns of the same kind is noise. */
  const noise = (name: keyof Turn) =>
    spreadOf(alone.slice(1).map((turn, at) => Math.abs(turn[name] / (alone[at]?.[name] ?? 1) - 1) * 100))
  say(`\n${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, ${pairs} pairs of ${turnMs / 1000} s`)
  const show = (what: string, name: keyof Turn, isMet: (median: number) => boolean) => {
    const { median, min, max } = percent(name)
    say(
      `${what}: ${median.toFixed(2)} % (${min.toFixed(1)} .. ${max.toFixed(1)}) with ${viewers} viewers; bar ${barPercent} %: ${isMet(median) ? 'met' : 'missed'}; two turns alone differ by ${noise(name).median.toFixed(1)} %`,
    )
  }
  show('requests a second', 'perSecond', (median) => median >= -barPercent)
  show('CPU of the daemon for a request', 'cpuUs', (median) => median <= barPercent)
}

const [, , mode, port] = process.argv
if (mode === 'watch') watch(Number(port))
else await compare()
