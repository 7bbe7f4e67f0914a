/** Reports for the terminal. */
import { barTable } from './bar-table.ts'
import { dailyBars, judgeBars } from './bars.ts'
import { caseTable } from './case-table.ts'
import { noiseLines } from './noise.ts'
import { type Measured, measuredBars } from './report-input.ts'
import { asText } from './table.ts'

export function textReport(input: Measured): string {
  const bars = measuredBars(input)
  return [
    ...input.results.map((result) => `\n${result.case.title}\n${asText(caseTable(result))}`),
    ...(bars.length > 0 ? [`\n${asText(barTable(bars))}`] : []),
    `\n${noiseLines(input.noise).join('\n')}\n`,
  ].join('')
}

/** The bars alone. */
export function quickReport(input: Measured): string {
  const failures = input.results.flatMap(({ case: { name }, results }) =>
    results.flatMap((one) => (one.kind === 'failed' ? [`${name}: ${one.target} failed: ${one.why}\n`] : [])),
  )
  const table = asText(barTable(judgeBars(input.results, dailyBars)))
  return `${failures.join('')}\n${table}\n${noiseLines(input.noise).join('\n')}\n`
}
