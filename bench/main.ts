/** The entry point of the benchmark: from arguments to a report. `npm run bench -- --help`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Options, parseOptions, usage } from './arguments.ts'
import { pinSelf } from './machine.ts'
import { NoiseMeter } from './noise.ts'
import { startOrigin } from './origin.ts'
import { cores, Started } from './processes.ts'
import { type Launched, markdownReport, type ReportInput, textReport } from './report.ts'
import { runCase } from './run.ts'
import type { CaseResult } from './types.ts'

// Debian installs the servers here, which is not in every PATH.
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin`

const print = (text: string) => process.stdout.write(text)
const complain = (text: string) => process.stderr.write(`bench: ${text}\n`)

async function bench(options: Options, runDir: string): Promise<ReportInput> {
  const at = new Date()
  const noise = new NoiseMeter()
  pinSelf(cores.rest)
  const origin = await startOrigin(runDir)
  const results: CaseResult[] = []
  const launches = new Map<string, Launched>()
  for (const one of options.cases) {
    const targets = one.targets.filter((name) => options.targets?.includes(name) ?? true)
    if (targets.length === 0) continue
    const { rounds, seconds } = options
    results.push(
      await runCase({
        case: one,
        targets,
        rounds,
        seconds,
        runDir,
        origin,
        noise,
        say: complain,
        onLaunch: (target, what) => launches.set(`${one.job} ${target}`, { target, what }),
      }),
    )
  }
  await origin.process.stop()
  const minutes = (Date.now() - at.getTime()) / 60_000
  const { rounds, seconds } = options
  return { at, minutes, rounds, seconds, results, noise: noise.judge(results), launches }
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    print(usage)
    return 0
  }
  let options: Options
  try {
    options = parseOptions(args)
  } catch (error) {
    complain(`${error instanceof Error ? error.message : error}\n${usage}`)
    return 64
  }
  const runDir = mkdtempSync(join(tmpdir(), 'bifrost-bench-'))
  // However the run ends, stop every started process and remove the files.
  process.once('exit', () => {
    Started.killAll()
    rmSync(runDir, { recursive: true, force: true })
  })
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)
    process.once(signal, () => process.exit(code))
  const input = await bench(options, runDir)
  print(textReport(input))
  if (options.report !== null) writeFileSync(options.report, markdownReport(input))
  const hasFailed = input.results.some(({ results }) => results.some(({ kind }) => kind === 'failed'))
  return hasFailed ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
