/** The table of the bars. */
import type { Verdict } from './bars.ts'
import { type Table, withSpread } from './table.ts'

export function barTable(verdicts: readonly Verdict[]): Table {
  const head = ['case', 'ours', 'nginx/Squid', 'ratio', 'bar', 'stretch', 'met?']
  const rows = verdicts.map(({ bar, outcome, seen }) => {
    const rival = bar.targets.find((name) => !name.startsWith('bifrost'))
    return [
      bar.what,
      seen?.ours ?? '-',
      seen === null ? '-' : `${rival} ${seen.theirs}`,
      seen === null ? '-' : withSpread(seen.figure, 2),
      `${bar.better === 'less' ? '<=' : '>='} ${bar.bar}`,
      bar.stretch === null ? '' : `<= ${bar.stretch}`,
      outcome,
    ]
  })
  return { head, rows }
}
