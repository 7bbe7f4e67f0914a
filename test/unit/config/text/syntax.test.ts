import { describe, expect, test } from 'vitest'
import { blankComments } from '../../../../src/config/text/comments.ts'
import { load, problems } from '../../../kit/configuration/config-text.ts'

const minimal = { mode: 'Forward', listen_addr: '127.0.0.1:3128' }
const expected = load(minimal).effective

describe('the parser accepts', () => {
  test.each([
    ['JSON', JSON.stringify(minimal)],
    ['JSON indented with tabs', JSON.stringify(minimal, null, '\t')],
    ['trailing commas', '{"mode": "Forward", "listen_addr": "127.0.0.1:3128",}'],
    [
      'line comments',
      '// one\n{ // two\n"mode": "Forward", // three\n"listen_addr": "127.0.0.1:3128" } // four',
    ],
    ['block comments', '/* one\n*/{/**/"mode":/* * */"Forward","listen_addr":"127.0.0.1:3128"}/* // */'],
    [
      'a comment right after a value',
      '{"drain_timeout_secs":30// s\n,"mode":"Forward","listen_addr":"127.0.0.1:3128"}',
    ],
    ['escapes', '{"m\\u006fde": "Forw\\u0061rd", "listen_addr": "127.0.0.1:3128"}'],
    ['YAML', 'mode: Forward # why\nlisten_addr: 127.0.0.1:3128\n'],
    ['YAML with a document start', '---\nmode: Forward\nlisten_addr: "127.0.0.1:3128"\n'],
    ['YAML in flow style', '{mode: Forward, listen_addr: 127.0.0.1:3128}'],
  ])('%s', (_, text) => {
    expect(load(text).effective).toEqual(expected)
  })

  test('slashes inside values', () => {
    const url = 'http://h.example//a/*b*/c'
    const config = { mode: 'Reverse', listen_addr: 'a:1', workers: { reverse_proxy: { target: url } } }
    const yaml = `mode: Reverse\nlisten_addr: a:1\nworkers: { reverse_proxy: { target: ${url} } }\n`
    for (const text of [JSON.stringify(config), yaml]) {
      expect(load(text).effective.workers.reverse_proxy?.target).toBe(url)
    }
  })

  test('surrogate pairs written as escapes', () => {
    const [line] = problems('{"mode": "\\ud83c\\udf08"}')
    expect(line).toContain('is the text "🌈"')
  })
})

describe('the parser refuses', () => {
  const check = 'check the commas, quotes and brackets here and just before'
  test.each([
    [
      'a missing comma',
      '{"mode": "Forward"\n "listen_addr": "a:1"}',
      `2:2: cannot be read as JSON or YAML: Missing , between flow map items; ${check}`,
    ],
    [
      'a missing bracket',
      '{"mode": "Forward"',
      `1:19: cannot be read as JSON or YAML: Flow map must end with a }; ${check}`,
    ],
    [
      'an open quote',
      '{"mode": "Forward}',
      `1:19: cannot be read as JSON or YAML: Missing closing "quote; ${check}`,
    ],
    [
      'text after the end',
      '{"mode": "Forward"} x',
      `1:21: cannot be read as JSON or YAML: Unexpected scalar at node end; ${check}`,
    ],
    [
      'two commas',
      '{"mode": "Forward",, }',
      `1:20: cannot be read as JSON or YAML: Unexpected , in flow map; ${check}`,
    ],
    [
      'an unknown escape',
      '{"mode": "\\q"}',
      '1:11: cannot be read as JSON or YAML: Invalid escape sequence \\q; write a backslash as \\\\',
    ],
    [
      'a comment that never ends',
      '{"mode": "Forward"\n/* }',
      '2:1: starts a comment that never ends; close it with */',
    ],
    [
      'tabs in YAML',
      'workers:\n\tadmin: 1',
      '2:1: cannot be read as JSON or YAML: Tabs are not allowed as indentation; indent with spaces',
    ],
    [
      'tags',
      'mode: !secret x',
      '1:7: cannot be read as JSON or YAML: Unresolved tag: !secret; remove the tag',
    ],
    [
      'two documents',
      'mode: Forward\n---\nmode: Reverse',
      '2:1: starts a second document; the file must have one',
    ],
    ['a list', '[1, 2]', '1:1: is a list; must be an object with keys such as mode'],
    ['a word', 'Forward', '1:1: is the text "Forward"; must be an object with keys such as mode'],
  ])('%s', (_, text, line) => {
    expect(problems(text)).toEqual([`bifrost.json:${line}`])
  })

  test('a duplicate key in JSON', () => {
    expect(problems('{\n  "mode": "Forward",\n  "listen_addr": "a:1",\n  "mode": "Reverse"\n}')).toEqual([
      'bifrost.json:4:3 mode: is a duplicate key, first in line 2; keep one of them',
    ])
  })

  test('a duplicate key in YAML, nested in another', () => {
    expect(problems('mode: Forward\nlisten_addr: a:1\nadmin:\n  enabled: true\n  enabled: false\n')).toEqual([
      'bifrost.json:5:3 admin.enabled: is a duplicate key, first in line 4; keep one of them',
    ])
  })

  test('aliases, which could make documents grow without limit', () => {
    const bomb = [
      'a: &a [x, x]',
      ...Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? 'a' : `b${i - 1}`}]`),
    ]
    const lines = problems(bomb.join('\n'))
    expect(lines).toContain('bifrost.json:2:10 b0[0]: is an alias; write the value itself')
  })

  test.each([
    ['brackets', '['.repeat(1_000_000), '1:65'],
    ['objects', '{"a":'.repeat(200_000), '1:317'],
    ['dashes', '- '.repeat(500_000), '1:128'],
    ['questions', '? '.repeat(500_000), '1:128'],
  ])('deep nesting of %s, without delay', (_, text, place) => {
    expect(problems(text)).toEqual([`bifrost.json:${place}: is nested too deep; the limit is 64 levels`])
  })

  test.each(['a\n', '"', '- a\n', '{}', '\n', '{/*', ', ', '&a ', ' \r\n'])(
    '1 MiB of %j, in reasonable time',
    (piece) => {
      const text = `{"mode":[${piece.repeat(Math.floor((1024 * 1024 - 9) / piece.length))}`
      const start = performance.now()
      expect(problems(text)).toHaveLength(1)
      expect(performance.now() - start).toBeLessThan(8000)
    },
  )

  test('thousands of unknown keys, of which the first thousand are named', () => {
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key${i}`, 1])))
    const lines = problems(text)
    expect(lines).toHaveLength(1001)
    expect(lines.at(-1)).toBe('bifrost.json: and 4001 more')
  })
})

test('blanking comments keeps every line and column', () => {
  const [one, two, three] = ['// 🌈 "a"', '/* x', ' y */'] as const
  const text = `{ ${one}\r\n "b": "// no", ${two}\n${three} "c": 1 }`
  const blank = (part: string) => ' '.repeat(part.length)
  expect(blankComments(text).text).toBe(
    `{ ${blank(one)}\r\n "b": "// no", ${blank(two)}\n${blank(three)} "c": 1 }`,
  )
})
