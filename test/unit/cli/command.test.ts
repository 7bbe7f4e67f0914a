import { describe, expect, test } from 'vitest'
import { parseCommand } from '../../../src/cli/command.ts'

describe('charts view', () => {
  test('accepts one file', () => {
    expect(parseCommand(['charts', 'view', 'a.json'])).toEqual({ kind: 'charts-view', file: 'a.json' })
  })

  test.each([
    [['charts'], 'charts needs "view" and one file'],
    [['charts', 'view'], 'charts needs "view" and one file'],
    [['charts', 'view', 'a', 'b'], 'charts needs "view" and one file'],
    [['charts', 'draw', 'a'], 'charts needs "view" and one file'],
    [['chart'], 'chart is not a command; use charts view FILE'],
  ])('refuses the arguments %j: %s', (words, message) => {
    expect(parseCommand(words)).toEqual({ kind: 'usage', message })
  })
})
