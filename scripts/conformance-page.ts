/** Generates docs/conformance.md from the cases of test/conformance. */
import { topics } from '../test/conformance/cases.ts'

const count = Object.values(topics).flat().length

const intro = `# Conformance

<!-- Generated from test/conformance by \`npm run docs\`; a test fails when it is out of date. -->

What each listener does with requests and answers on which readers of HTTP/1.1 differ: ${count} cases, each sent as bytes over a socket of its own to every worker
type that it applies to, with an origin behind that records what it has read and takes nothing but the grammar. \`npm run conformance\` runs them
and prints a line for each; \`npm test\` runs them too. \`npm run fuzz\` makes further ones up.
`

/** Returns the page as Markdown. */
export function conformancePage(): string {
  const sections = Object.entries(topics).map(([topic, cases]) => [
    `## ${topic}`,
    '',
    '| Case | RFC | | Worker types |',
    '|---|---|---|---|',
    ...cases.map(
      ({ id, rfc, what, on }) => `| ${id} | ${rfc} | ${what.replaceAll('|', '\\|')} | ${on.join(', ')} |`,
    ),
    '',
  ])
  return [intro, ...sections.flat()].join('\n')
}
