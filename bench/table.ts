/** Tables for the terminal and for Markdown. */
import type { Spread } from './statistics.ts'

export interface Table {
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

export function withSpread({ median, min, max }: Spread, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}..${max.toFixed(digits)})`
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
