/** Generates docs/errors.md from the error table. */
import { type ErrorCode, errorTable } from '../src/errors.ts'
import { remedies } from '../src/remedies.ts'

const intro = `# Errors

<!-- Generated from src/errors.ts by \`npm run docs\`; a test fails when it is out of date. -->

Every failure that is answered, logged or counted is a row of one table. The answer of the daemon itself is short and names the row,
the request where it has an id, and nothing of the inside (no address, no file, no stack):

\`\`\`
UPSTREAM_TIMEOUT: The upstream server did not respond in time. (request 3f2a9c)
\`\`\`

A client whose \`Accept\` names \`application/json\`, and plain text not above it, gets the same as JSON:

\`\`\`json
{"error":{"code":"UPSTREAM_TIMEOUT","message":"The upstream server did not respond in time.","request_id":"3f2a9c"}}
\`\`\`

Both say \`Cache-Control: no-store\`. What an upstream answers is passed on as it is and is not in this table. A failure
after the response head was sent can only be seen by the connection, which is broken off, so that a cut response never looks whole.

* **source**: whose fault it is. \`client\`: the request; \`proxy\`: this daemon or a limit of it; \`upstream\`: the server behind.
* **retryable**: whether the same request may be tried on another target while nothing of it was sent.

## What clients are answered
`

/** Returns the page as Markdown. */
export function errorsPage(): string {
  const codes = Object.keys(errorTable) as ErrorCode[]
  const answered = codes.filter((code) => errorTable[code].status !== 0)
  const sorted = answered.sort((one, other) => errorTable[one].status - errorTable[other].status)
  return [
    intro,
    '| Status | Code | Source | Retryable | Message | What would be right |',
    '|---|---|---|---|---|---|',
    ...sorted.map((code) => `| ${errorTable[code].status} ${cells(code)}`),
    '',
    '`CLIENT_ABORTED` appears in logs and counters only: the client has left, so there is no answer.',
    '',
    '## What operators are told\n',
    '| Code | Source | Retryable | Message | What would be right |',
    '|---|---|---|---|---|',
    ...codes.filter((code) => errorTable[code].status === 0).map(cells),
    '',
  ].join('\n')
}

function cells(code: ErrorCode): string {
  const { source, retryable, message } = errorTable[code]
  return `| \`${code}\` | ${source} | ${retryable ? 'yes' : 'no'} | ${message} | ${remedies[code]} |`
}
