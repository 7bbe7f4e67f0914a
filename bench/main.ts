/** The entry point of the benchmark: from arguments to a report. `npm run bench -- --help`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Options, parseOptions, usage } from './arguments.ts'
import { markdownReport } from './markdown-report.ts'
import { Started } from './processes.ts'
import { profileCases } from './profile.ts'
import { missedCases } from './report-input.ts'
import { runSuite } from './suite.ts'
import { asText } from './table.ts'
import { quickReport, textReport } from './terminal-report.ts'
import type { Case } from './types.ts'
import { writeDocument } from './write.ts'

// Debian installs the servers here, which is not in every PATH.
process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin`

const print = (text: string) => process.stdout.write(text)
const complain = (text: string) => process.stderr.write(`bench: ${text}\n`)

async function bench(options: Options, runDir: string): Promise<number> {
  const { seconds, report, isWritten } = options
  const profile = (cases: readonly Case[]) => profileCases(cases, seconds, join(runDir, 'profiles'), complain)
  if (options.mode === 'profile') {
    for (const { case: one, table } of await profile(options.cases)) print(`\n${one.title}\n${asText(table)}`)
    return 0
  }
  const measured = await runSuite(options, runDir, complain)
  print(options.mode === 'quick' ? quickReport(measured) : textReport(measured))
  if (report !== null || isWritten) {
    const input = { ...measured, profiles: await profile(missedCases(measured)) }
    if (report !== null) writeFileSync(report, markdownReport(input))
    if (isWritten) for (const file of writeDocument(input)) complain(`wrote ${file}`)
  }
  return measured.results.some(({ results }) => results.some(({ kind }) => kind === 'failed')) ? 1 : 0
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
  return bench(options, runDir)
}

process.exitCode = await main(process.argv.slice(2))
