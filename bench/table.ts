/** Tables for the terminal and for Markdown. */
import { cpuOf } from './bars.ts'
import { pairedRatios, type Spread, spreadOf } from './statistics.ts'
import type { CaseResult, Measurement } from './types.ts'

/** A table for the terminal and for Markdown. */
export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function caseTable(result: CaseResult): Table {
  const { unit, reference, name } = result.case
  const head = [
    'target',
    `CPU us/${unit}`,
    `x ${reference}`,
    `${unit}s/s`.replace('MiBs', 'MiB'),
    'p50 ms',
    'p99 ms',
    'peak RSS MiB',
    'core used',
  ]
  const referenceCpu = cpuOf([result], name, reference)
  const rows = result.results.map((one) => {
    if (one.kind === 'failed')
      return [one.target, `failed: ${one.why.split('\n')[0]}`, ...head.slice(2).map(() => '')]
    const of = (pick: (seen: Measurement) => number) => spreadOf(one.rounds.map(pick))
    const cpu = one.rounds.map(({ cpuUsPerUnit }) => cpuUsPerUnit)
    return [
      one.target,
      withSpread(spreadOf(cpu), 1),
      referenceCpu === null ? '-' : withSpread(pairedRatios(cpu, referenceCpu), 2),
      of(({ perSecond }) => perSecond).median.toFixed(0),
      latency(one.rounds, ({ p50Us }) => p50Us),
      latency(one.rounds, ({ p99Us }) => p99Us),
      of(({ peakRssMiB }) => peakRssMiB).median.toFixed(0),
      `${(of(({ busy }) => busy).median * 100).toFixed(0)} %`,
    ]
  })
  return { head, rows }
}

export function withSpread({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}..${max.toFixed(digits)})`
}

function latency(rounds: readonly Measurement[], pick: (seen: Measurement) => number | null): string {
  const values = rounds.map(pick).filter((value) => value !== null)
  return values.length === 0 ? '-' : (spreadOf(values).median / 1000).toFixed(2)
}

export function asText({ head, rows }: Table): string {
  const widths = head.map((title, column) =>
    Math.max(
      title.length,
      ...rows.map((row) => (isFailure(row) && column > 0 ? 0 : (row[column] ?? '').length)),
    ),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  const all = rows.map((row) =>
    isFailure(row) ? `${(row[0] ?? '').padEnd(widths[0] ?? 0)}  ${row[1]}` : line(row),
  )
  return `${[line(head), ...all].join('\n')}\n`
}

const isFailure = (row: readonly string[]) => row[1]?.startsWith('failed: ') ?? false

export function asMarkdown({ head, rows }: Table): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'))
  return `${[head, rule, ...rows].map(line).join('\n')}\n`
}
