/**
 * Measures what telemetry costs: `npm run bench:telemetry [-- --rounds 12 --seconds 2 --job reverse|static --on all|metrics
 * --base CHECKOUT]`. Prints a table with the bars of the design; nothing is asserted. `--on metrics` leaves out the access
 * log and spans, `--log FORMAT` is the format of that log.
 *
 *   meter and tracer in a loop | requests a second with everything on against all off, in turn | CPU of main meanwhile
 *
 * Off is the same code with a meter that does nothing and no exports, access log or spans; with `--base` it is the code of
 * another checkout.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseConfig } from '../src/config/load.ts'
import { drive, warmUp } from './drivers/drive.ts'
import { startOrigin } from './origin.ts'
import { freePort } from './ports.ts'
import { cores, Started } from './processes.ts'
import { launch, type Running } from './running.ts'
import { startSink } from './sink.ts'
import { loopCost } from './telemetry-loop.ts'
import { tracingCost } from './tracing-loop.ts'
import { cpuSeconds } from './usage.ts'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' },
    seconds: { type: 'string', default: '2' },
    job: { type: 'string', default: 'reverse' },
    base: { type: 'string' },
    on: { type: 'string', default: 'all' },
    log: { type: 'string', default: 'json' },
  },
})
const rounds = Number(options.rounds)
const seconds = Number(options.seconds)
const isAll = options.on === 'all'
const isStatic = options.job === 'static'
const projectDir = join(import.meta.dirname, '..')

const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)
const quantile = (values: readonly number[], share: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
const median = (values: readonly number[]) => quantile(values, 0.5)
const spread = (values: readonly number[], digits: number) =>
  `${median(values).toFixed(digits)} (${quantile(values, 0.25).toFixed(digits)}..${quantile(values, 0.75).toFixed(digits)})`

/** One percent of the requests, if this version has spans. */
const tracing = { tracing: { sample_ratio: 0.01 } }

interface Parts {
  readonly dir: string
  readonly originPort: number
  readonly filesDir: string
  readonly sinkPort: number
}

function configOf(isOn: boolean, port: number, adminPort: number, parts: Parts, extra: object): object {
  const { dir, originPort, filesDir, sinkPort } = parts
  const limits = { max_connections: 4096, max_memory_mb: 1024, max_cpu_percent: 100 }
  const log = isOn && isAll ? { access_log: { path: join(dir, 'access.log'), format: options.log } } : {}
  const common = { ...limits, ...log, ...(isOn && isAll ? extra : {}) }
  const metrics = { enabled: true, interval_secs: 1 }
  return {
    mode: isStatic ? 'Static' : 'Reverse',
    listen_addr: `127.0.0.1:${port}`,
    admin: { listen_addr: `127.0.0.1:${adminPort}` },
    ...(isOn ? { telemetry: { endpoint: `http://127.0.0.1:${sinkPort}`, metrics } } : {}),
    workers: isStatic
      ? { static_files: { ...common, mounts: [{ path: '/', root_dir: filesDir }] } }
      : { reverse_proxy: { ...common, target: `http://127.0.0.1:${originPort}` } },
  }
}

/** True if this version has the key. */
function knows(parts: Parts, extra: object): boolean {
  try {
    parseConfig(JSON.stringify(configOf(true, 1, 2, parts, extra)), { file: 'bench', baseDir: parts.dir })
    return true
  } catch {
    return false
  }
}

async function start(isOn: boolean, parts: Parts, extra: object): Promise<Running> {
  const port = await freePort()
  const dir = join(parts.dir, isOn ? 'on' : 'off')
  mkdirSync(dir)
  const file = join(dir, 'bifrost.json')
  writeFileSync(file, JSON.stringify(configOf(isOn, port, await freePort(), parts, extra)))
  const silent =
    isOn || options.base !== undefined ? [] : ['--import', join(import.meta.dirname, 'silent-meter.ts')]
  const root = isOn ? projectDir : (options.base ?? projectDir)
  const args = [...silent, join(root, 'src/cli/bifrost.js'), '--config', file]
  return await launch(
    { command: process.execPath, args, env: { NODE_ENV: 'production' } },
    { dir: join(dir, 'run'), port, core: cores.target },
  )
}

/** Seconds of the main thread alone. */
function mainSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

interface Round {
  readonly perSecond: number
  readonly cpuUs: number
  readonly mainPercent: number
}

async function round({ process: { pid }, port }: Running, originPort: number): Promise<Round> {
  const load = { kind: 'wrk', path: '/1k.txt', close: false, absolute: false } as const
  const [cpu, main] = [cpuSeconds(pid), mainSeconds(pid)]
  const driven = await drive(
    load,
    { target: port, origin: originPort },
    { ms: seconds * 1000, perSecond: 0, totalMiB: 0 },
  )
  return {
    perSecond: driven.done / driven.seconds,
    cpuUs: ((cpuSeconds(pid) - cpu) * 1e6) / driven.done,
    mainPercent: ((mainSeconds(pid) - main) / driven.seconds) * 100,
  }
}

const dir = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
process.on('exit', () => {
  Started.killAll()
  rmSync(dir, { recursive: true, force: true })
})
const [load] = loadavg()
const loop = loopCost()
const traced = tracingCost()
const origin = await startOrigin(dir)
const sink = await startSink()
const parts = { dir, originPort: origin.port, filesDir: origin.filesDir, sinkPort: sink.port }
const extra = knows(parts, tracing) ? tracing : {}
const [off, on] = [await start(false, parts, extra), await start(true, parts, extra)]
const wrk = { kind: 'wrk', path: '/1k.txt', close: false, absolute: false } as const
for (const { port } of [off, on]) await warmUp(wrk, { target: port, origin: origin.port }, 3_000)
const seen: { readonly off: Round; readonly on: Round }[] = []
for (let n = 0; n < rounds; n += 1) {
  // Alternate which one goes first.
  const first = await round(n % 2 === 0 ? off : on, origin.port)
  const second = await round(n % 2 === 0 ? on : off, origin.port)
  seen.push(n % 2 === 0 ? { off: first, on: second } : { off: second, on: first })
}
await Promise.all([on, off, origin].map((one) => one.process.stop()))
sink.close()

const lost = seen.map((one) => (1 - one.on.perSecond / one.off.perSecond) * 100)
const moreUs = seen.map((one) => one.on.cpuUs - one.off.cpuUs)
const main = seen.map((one) => one.on.mainPercent)
/** Reported only if the middle half of the rounds agrees. */
const verdict = (values: readonly number[], bar: number): string => {
  if (quantile(values, 0.75) <= bar) return 'met'
  return quantile(values, 0.25) > bar ? 'missed' : 'not known: the noise is larger'
}
const row = (what: string, measured: string, bar = '', judged = '') =>
  `| ${what} | ${measured} | ${bar} | ${judged} |`
process.stdout.write(
  [
    `Node ${process.versions.node}, ${cpus().length} x ${cpus()[0]?.model}, Linux ${release()}, load before ${load?.toFixed(2)}`,
    `${options.job}, 1 KB, ${rounds} rounds of ${seconds} s in turn, quartiles in brackets; on: ${options.on}${isAll ? `, log ${options.log}` : ''}; off: ${options.base ?? 'the same code with a silent meter'}`,
    ...('tracing' in extra
      ? []
      : ['This version has no spans: on is metrics, their export each second, and the access log.']),
    ...((load ?? 0) > 0.5 ? ['The machine was not quiet: read times as upper bounds.'] : []),
    '',
    '| what | measured | bar | |',
    '|---|---|---|---|',
    row('metrics of a request, in a loop', `${loop.meterUs.toFixed(3)} us`),
    row(
      'with the two clock reads of an attempt, and the decision on a trace',
      `${(loop.withClockUs + loop.tracingUs).toFixed(3)} us`,
      '<= 0.3 us',
      verdict([loop.withClockUs + loop.tracingUs], 0.3),
    ),
    row('the decision on a trace, not sampled', `${loop.tracingUs.toFixed(3)} us`),
    row('with those of the exchange too', `${loop.withAllClocksUs.toFixed(3)} us`),
    row('trace of a request without traceparent', `${traced.none.toFixed(3)} us`),
    row(
      'with one that is not sampled; where 1 % is',
      `${traced.unsampled.toFixed(3)}, ${traced.unsampledAt1Percent.toFixed(3)} us`,
      '<= 0.05 us',
      verdict([traced.unsampledAt1Percent], 0.05),
    ),
    row(
      'requests/s off',
      spread(
        seen.map((one) => one.off.perSecond),
        0,
      ),
    ),
    row(
      'requests/s on',
      spread(
        seen.map((one) => one.on.perSecond),
        0,
      ),
    ),
    row('requests/s lost', `${spread(lost, 1)} %`, '<= 3 %', verdict(lost, 3)),
    row('CPU of the process, more for each request', `${spread(moreUs, 2)} us`),
    row('main thread, on', `${spread(main, 2)} % of a core`, '<= 2 %', verdict(main, 2)),
    row('exported', `${(sink.taken.bytes / 1024).toFixed(0)} KiB`),
    '',
  ].join('\n'),
)
