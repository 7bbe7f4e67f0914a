import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** The rules of docs/style.md that a program can check. */
const root = join(import.meta.dirname, '..')

const filesOf = (...patterns: readonly string[]) =>
  patterns.flatMap((pattern) => globSync(pattern, { cwd: root }))

const code = filesOf('src/**/*.{ts,js}', 'actors/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts').filter(
  (file) => !file.includes('node_modules'),
)
const documents = filesOf('docs/**/*.md', '*.md', 'bench/*.md')

/** The page that quotes the phrases to avoid. */
const exempt = /^docs\/style\.md$/

const phrases = [
  /^\s*(?:\/\/|\/?\*\*?)\s?(?:Of|Who|Whom|What is) /,
  /\b(?:is|are) none\b/i,
  /^\s*(?:\/\/|\/?\*\*?)\s?What (?:was|are|has) /,
  /\bnone of ours\b/i,
  /\b(?:somebody|nobody|whoever)\b/i,
]

function violations(text: string): readonly string[] {
  return text.split('\n').filter((line) => phrases.some((phrase) => phrase.test(line)))
}

test.each([
  ['/** Of one connection. */', 1],
  ['// Who waits is told.', 1],
  ['a name that is none', 1],
  ['null if there is none', 1],
  ['/** What was seen. */', 1],
  ['Closed by somebody.', 1],
  ['// Offers a file.', 0],
])('the check finds what it looks for: %s', (line, count) => {
  expect(violations(line)).toHaveLength(count)
})

test('every module opens with a comment that says what it is', () => {
  const bare = code.filter(
    (file) => !/^(?:#!.*\n)?(?:\/\*\*|\/\/ )/.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(bare).toEqual([])
})

test('comments, messages and documents avoid the phrases that need a second reading', () => {
  const found = [...code, ...documents]
    .filter((file) => !exempt.test(file))
    .flatMap((file) =>
      violations(readFileSync(join(root, file), 'utf8')).map((line) => `${file}: ${line.trim()}`),
    )
  expect(found).toEqual([])
})
