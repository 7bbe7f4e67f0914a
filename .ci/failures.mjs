// What failed, once more, at the end: whoever reads the last lines only has it there. Arguments: vitest's reports in JSON.
import { existsSync, readFileSync } from 'node:fs'

const mostLines = 25

for (const file of process.argv.slice(2).filter(existsSync)) {
  for (const { name, message, assertionResults } of JSON.parse(readFileSync(file, 'utf8')).testResults) {
    const failed = assertionResults.filter(({ status }) => status === 'failed')
    for (const { fullName, failureMessages } of failed)
      tell(`${name}: ${fullName}`, failureMessages.join('\n'))
    if (message !== '' && failed.length === 0) tell(name, message)
  }
}

function tell(title, text) {
  process.stdout.write(`FAILED ${title}\n`)
  for (const line of text.split('\n').slice(0, mostLines)) process.stdout.write(`  ${line}\n`)
}
