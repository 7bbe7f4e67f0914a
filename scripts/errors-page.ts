/** Generates docs/errors.md from the error table. */
import { type ErrorCode, errorTable } from '../src/errors.ts'
import { remedies } from '../src/remedies.ts'

const intro = `# Errors

<!-- Generated from src/errors.ts by \`npm run docs\`; a test fails when it is out of date. -->

Every failure that the daemon answers, logs or counts is a row of one table. The error response is short: it contains the code, the message and
the request id if there is one, but no address, file or stack:

\`\`\`
UPSTREAM_TIMEOUT: The upstream server did not respond in time. (request 3f2a9c)
\`\`\`

A client whose \`Accept\` names \`application/json\`, and does not prefer plain text, gets the same as JSON:

\`\`\`json
{"error":{"code":"UPSTREAM_TIMEOUT","message":"The upstream server did not respond in time.","request_id":"3f2a9c"}}
\`\`\`

Both have \`Cache-Control: no-store\`. Responses of an upstream are passed on unchanged and are not in this table. After a failure
that follows the response head, the connection is aborted, so that a truncated response never looks complete.

* **source**: the cause. \`client\`: the request; \`proxy\`: this daemon or one of its limits; \`upstream\`: the upstream server.
* **retryable**: whether the same request may be tried on another target if none of it was sent yet.

## Errors sent to clients
`

/** Returns the page as Markdown. */
export function errorsPage(): string {
  const codes = Object.keys(errorTable) as ErrorCode[]
  const answered = codes.filter((code) => errorTable[code].status !== 0)
  const sorted = answered.sort((one, other) => errorTable[one].status - errorTable[other].status)
  return [
    intro,
    '| Status | Code | Source | Retryable | Message | Remedy |',
    '|---|---|---|---|---|---|',
    ...sorted.map((code) => `| ${errorTable[code].status} ${cells(code)}`),
    '',
    '`CLIENT_ABORTED` appears in logs and counters only: the client has left, so there is no answer.',
    '',
    '## Errors reported to operators\n',
    '| Code | Source | Retryable | Message | Remedy |',
    '|---|---|---|---|---|',
    ...codes.filter((code) => errorTable[code].status === 0).map(cells),
    '',
  ].join('\n')
}

function cells(code: ErrorCode): string {
  const { source, retryable, message } = errorTable[code]
  return `| \`${code}\` | ${source} | ${retryable ? 'yes' : 'no'} | ${message} | ${remedies[code]} |`
}
