/** Generates docs/conformance.md from the cases of test/conformance. */
import { topics } from '../test/conformance/cases.ts'

const count = Object.values(topics).flat().length

const intro = `# Conformance

<!-- Generated from test/conformance by \`npm run docs\`; a test fails when it is out of date. -->

How each worker type handles requests and responses that readers of HTTP/1.1 understand differently: ${count} cases.
Each case is sent as bytes over connections of its own to every worker type in its row, over TCP and again over
TLS. The origin behind a proxy is strict: it records what it reads and rejects what the grammar does not allow.

* \`npm run conformance\` runs the cases and prints a line for each. \`npm test\` runs them too.
* \`npm run fuzz\` generates more.
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
