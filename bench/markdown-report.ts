/** The report as Markdown. */
import { barTable } from './bar-table.ts'
import { caseTable } from './case-table.ts'
import { connections } from './cases/sizes.ts'
import { describeMachine, wrkVersion } from './machine.ts'
import { noiseLines } from './noise.ts'
import { type Measured, measuredBars, type ReportInput } from './report-input.ts'
import { asMarkdown } from './table.ts'
import { targetNamed } from './targets/all.ts'
import type { TargetName } from './types.ts'

/** Report as Markdown, with every command and configuration file. */
export function markdownReport(input: ReportInput): string {
  return [
    `## Benchmark of ${input.at.toISOString().slice(0, 10)}\n`,
    ...summary(input),
    '### How each was started\n',
    ...configurations(input, namesOf(input)),
    '',
  ].join('\n')
}

/** Circumstances, bars and the tables of all cases; headings of the third level. */
export function summary(input: ReportInput): string[] {
  const names = namesOf(input)
  const bars = measuredBars(input)
  return [
    `* machine: ${describeMachine()}`,
    `* versions: ${[...names.map((name) => `${name} ${targetNamed(name).version()}`), `wrk ${wrkVersion()}`].join(', ')}`,
    `* method: ${method(input)}`,
    ...noiseLines(input.noise).map((line) => `* ${line}`),
    ...(bars.length > 0 ? [`\n### Bars\n\n${asMarkdown(barTable(bars))}`] : ['']),
    ...input.results.map((result) => `### ${result.case.title}\n\n${asMarkdown(caseTable(result))}`),
    ...input.profiles.map((one) => `### Profile: ${one.case.title}\n\n${asMarkdown(one.table)}`),
  ]
}

const namesOf = ({ results }: Measured) => [
  ...new Set(results.flatMap(({ results }) => results.map(({ target }) => target))),
]

const method = ({ rounds, seconds, minutes }: Measured) =>
  `\`npm run bench\`, ${rounds} rounds of ${seconds} s (CONNECT bytes: 1 GiB), targets in turn in each round, warmed up before each ` +
  `measurement, ${minutes.toFixed(1)} minutes in all; target alone on core 0, driver and origin (nginx) on core 1; ` +
  `${connections.wrk} connections (megabytes: ${connections.large}, CONNECT: ${connections.connect}, its bytes: 1, arrivals at a rate: ${connections.open}). CPU is user and system time of the target, all its ` +
  'threads and processes, from /proc. Medians, and (min..max) of the rounds; ratios are taken round by round. Latency ' +
  'of the CPU cases is at full load, so it tells of the queue more than of the target. Where "core used" is well below 100 %, driver or ' +
  'origin were the bottleneck and the rate is theirs'

function configurations({ launches }: Measured, names: readonly TargetName[]): string[] {
  return names.flatMap((name) => {
    const { source } = targetNamed(name)
    const uses = [...launches.values()].filter(({ target }) => target === name)
    const files = uses
      .flatMap((use) => Object.entries(use.what.files ?? {}).map(([file, text]) => ({ ...use, file, text })))
      .filter(({ file }) => !file.endsWith('.pem'))
    const commands = [...new Set(uses.map(({ what }) => [what.command, ...what.args].join(' ')))].slice(0, 1)
    return [
      `<details><summary>${name}</summary>\n`,
      ...commands.map((command) => `\`${command}\`\n`),
      ...files.map(
        ({ file, text, case: name }) => `\`${file}\` of ${name}\n\n\`\`\`\n${text.trim()}\n\`\`\`\n`,
      ),
      ...(source === undefined ? [] : [`\`\`\`ts\n${source.trim()}\n\`\`\`\n`]),
      '</details>\n',
    ]
  })
}
