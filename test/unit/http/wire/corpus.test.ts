import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { compare, compareSplit } from '../../../fuzz/oracle/compare.ts'
import { readWithOurs } from '../../../fuzz/oracle/ours.ts'
import { isLast, type Kind } from '../../../fuzz/oracle/reading.ts'

/** Messages that were found by fuzzing, and others; `rules` are those that explain how llhttp reads them differently. */
interface Found {
  readonly kind: Kind
  /** Latin1. */
  readonly text: string
  readonly rules: readonly string[]
}

const file = join(import.meta.dirname, '../../../fuzz/corpus/messages.json')
const corpus: readonly Found[] = JSON.parse(readFileSync(file, 'utf8'))
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

describe('a message is read as by llhttp, or differently for a known reason, and the same in any two pieces', () => {
  const shown = corpus.map((found) => ({ ...found, title: JSON.stringify(found.text).slice(0, 90) }))
  test.each(shown)('$kind $title', ({ kind, text, rules }) => {
    const bytes = bytesOf(text)
    expect(compare(bytes, kind)).toEqual({ difference: null, rules })
    const whole = readWithOurs(bytes, kind)
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(compareSplit(bytes, kind, [at], whole)).toBeNull()
    }
    const single = Array.from(bytes, (_, at) => at)
    expect(compareSplit(bytes, kind, single, whole)).toBeNull()
  })
})

describe('many requests in one read', () => {
  const texts = corpus
    .filter(({ kind }) => kind === 'request')
    .map(({ text }) => text)
    .filter((text) => {
      const [message, ...others] = readWithOurs(bytesOf(text), 'request')
      return others.length === 0 && message?.phase === 'done' && !isLast(message, 'request')
    })

  test('are all read as by llhttp', () => {
    expect(texts.length).toBeGreaterThan(5)
    for (const first of texts) {
      for (const second of texts) {
        const bytes = bytesOf(first + second)
        expect(compare(bytes, 'request').difference, first + second).toBeNull()
        expect(readWithOurs(bytes, 'request').length, first + second).toBe(2)
      }
    }
  })

  test('are read the same if the read ends anywhere in them', () => {
    const bytes = bytesOf(texts.join('\r\n'))
    const whole = readWithOurs(bytes, 'request')
    expect(whole.map(({ phase }) => phase)).toEqual(texts.map(() => 'done'))
    for (let at = 1; at < bytes.length; at += 1) {
      expect(compareSplit(bytes, 'request', [at], whole)).toBeNull()
    }
  })
})

test('every reason to refuse what llhttp accepts, or the reverse, has a message in the corpus', () => {
  const sources = ['rules.ts', 'plain.ts'].map((name) =>
    readFileSync(join(import.meta.dirname, '../../../fuzz/oracle', name), 'utf8'),
  )
  const named = sources.flatMap((source) => source.match(/(?<=')RFC [^']+(?=')/g) ?? [])
  const used = new Set(corpus.flatMap(({ rules }) => rules))
  expect([...new Set(named)].filter((rule) => !used.has(rule))).toEqual([])
})
