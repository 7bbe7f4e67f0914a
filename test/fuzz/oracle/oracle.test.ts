import { expect, test } from 'vitest'
import { Random } from '../random.ts'
import { compare, compareSplit } from './compare.ts'
import { generateRequests, generateResponses } from './generate.ts'
import { readWithOurs } from './ours.ts'
import type { Kind } from './reading.ts'
import { shrink } from './shrink.ts'

/** `FUZZ_SEED` repeats a run; there are 100 cases for each of `FUZZ_COUNT`, 1,000,000 in CI. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31)
const count = 100 * Number(process.env['FUZZ_COUNT'] ?? 1_000)

test(`no message is accepted that llhttp refuses, refused without a reason, or read differently (FUZZ_SEED=${seed}, ${count} cases)`, () => {
  const random = new Random(seed)
  const rules = new Map<string, number>()
  const seen = { messages: 0, refused: 0 }
  for (let n = 0; n < count; n += 1) {
    const kind = kindOf(n)
    const text = kind === 'request' ? generateRequests(random) : generateResponses(random)
    const bytes = Buffer.from(text, 'latin1')
    const ours = readWithOurs(bytes, kind)
    const result = compare(bytes, kind, ours)
    if (result.difference !== null) fail(n, kind, text, result.difference)
    const split = compareSplit(bytes, kind, cutsOf(random, bytes.length), ours)
    if (split !== null) expect.fail(`seed ${seed}, case ${n}, ${kind}: ${JSON.stringify(text)}: ${split}`)
    for (const rule of result.rules) rules.set(rule, (rules.get(rule) ?? 0) + 1)
    for (const { phase } of ours) seen[phase === 'refused' ? 'refused' : 'messages'] += 1
  }
  // Cases that are nearly all refused, or nearly all accepted, would prove little.
  const { messages, refused } = seen
  expect(messages / (messages + refused)).toBeGreaterThan(0.3)
  expect(refused / (messages + refused)).toBeGreaterThan(0.2)
  const used = [...rules].map(([rule, times]) => `${String(times).padStart(8)}  ${rule}`)
  process.stdout.write(`${messages} messages were accepted, ${refused} refused.\n${used.sort().join('\n')}\n`)
}, 600_000)

const kindOf = (n: number): Kind => (n % 3 !== 0 ? 'request' : n % 2 === 0 ? 'HEAD' : 'response')

/** One to four places. */
function cutsOf(random: Random, length: number): number[] {
  const cuts = Array.from({ length: 1 + random.below(4) }, () => random.below(length + 1))
  return cuts.sort((one, other) => one - other)
}

function fail(n: number, kind: Kind, text: string, difference: string): never {
  const isSame = (shorter: string) => compare(Buffer.from(shorter, 'latin1'), kind).difference !== null
  const shortest = JSON.stringify(shrink(text, isSame))
  expect.fail(
    `seed ${seed}, case ${n}, ${kind}: ${difference}\n${JSON.stringify(text)}\nin short: ${shortest}`,
  )
}
