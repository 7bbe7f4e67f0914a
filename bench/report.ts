/** Formats the results as text and Markdown. */
import { judgeBars } from './bars.ts'
import { connections } from './cases.ts'
import { describeMachine, wrkVersion } from './machine.ts'
import type { Noise } from './noise.ts'
import { asMarkdown, asText, caseTable, withSpread } from './table.ts'
import { targetNamed } from './targets/all.ts'
import type { CaseResult, Launch, TargetName } from './types.ts'

export interface Launched {
  readonly target: TargetName
  readonly what: Launch
}

export interface ReportInput {
  readonly at: Date
  readonly minutes: number
  readonly rounds: number
  readonly seconds: number
  readonly results: readonly CaseResult[]
  readonly noise: Noise
  /** Launch settings by case and target. */
  readonly launches: ReadonlyMap<string, Launched>
}

/** Report for the terminal. */
export function textReport(input: ReportInput): string {
  return [
    ...input.results.map((result) => `\n${result.case.title}\n${asText(caseTable(result))}`),
    '\nBars (CPU per unit, median of paired rounds)\n',
    ...barLines(input).map((line) => `  ${line}\n`),
    `\n${noiseLines(input).join('\n')}\n`,
  ].join('')
}

/** Report for docs/performance.md. */
export function markdownReport(input: ReportInput): string {
  const names = [...new Set(input.results.flatMap(({ results }) => results.map(({ target }) => target)))]
  return [
    `## Benchmark of ${input.at.toISOString().slice(0, 10)}\n`,
    `* machine: ${describeMachine()}`,
    `* versions: ${[...names.map((name) => `${name} ${targetNamed(name).version()}`), `wrk ${wrkVersion()}`].join(', ')}`,
    `* method: ${method(input)}`,
    ...noiseLines(input).map((line) => `* ${line}`),
    '\n### Bars\n',
    ...barLines(input).map((line) => `* ${line}`),
    ...input.results.map((result) => `\n### ${result.case.title}\n\n${asMarkdown(caseTable(result))}`),
    '### How each was started\n',
    ...configurations(input, names),
    '',
  ].join('\n')
}

const method = ({ rounds, seconds, minutes }: ReportInput) =>
  `\`npm run bench\`, ${rounds} rounds of ${seconds} s (CONNECT bytes: 1 GiB), targets in turn in each round, warmed up before each ` +
  `measurement, ${minutes.toFixed(1)} minutes in all; target alone on core 0, driver and origin (nginx) on core 1; ` +
  `${connections.wrk} connections (CONNECT: ${connections.connect}, bytes: 1). CPU is user and system time of the target, all its ` +
  'threads and processes, from /proc. Medians, and (min..max) of the rounds; ratios are taken round by round. Latency ' +
  'is at full load, so it tells of the queue more than of the target. Where "core used" is well below 100 %, driver or ' +
  'origin were the bottleneck and the rate is theirs'

function barLines({ results }: ReportInput): string[] {
  return judgeBars(results).map(({ text, outcome, seen }) =>
    seen === null ? `${outcome}: ${text}` : `${outcome}: ${text}; seen ${withSpread(seen, 2)}`,
  )
}

function noiseLines({ noise }: ReportInput): string[] {
  const { target, rest } = noise.loops
  return [
    `load average before: ${noise.loadBefore.toFixed(2)}; calibration loop, ms: target core ${withSpread(target, 1)}, other core ${withSpread(rest, 1)}`,
    noise.complaints.length === 0
      ? 'the machine was quiet'
      : `THE MACHINE WAS TOO NOISY for these numbers to be quoted: ${noise.complaints.join('; ')}`,
  ]
}

function configurations({ launches }: ReportInput, names: readonly TargetName[]): string[] {
  return names.flatMap((name) => {
    const { source } = targetNamed(name)
    const uses = [...launches.values()].filter(({ target }) => target === name)
    const files = uses.flatMap(({ what }) => Object.entries(what.files ?? {}))
    const commands = [...new Set(uses.map(({ what }) => [what.command, ...what.args].join(' ')))].slice(0, 1)
    return [
      `<details><summary>${name}</summary>\n`,
      ...commands.map((command) => `\`${command}\`\n`),
      ...files.map(([file, text]) => `\`${file}\`\n\n\`\`\`\n${text.trim()}\n\`\`\`\n`),
      ...(source === undefined ? [] : [`\`\`\`ts\n${source.trim()}\n\`\`\`\n`]),
      '</details>\n',
    ]
  })
}
