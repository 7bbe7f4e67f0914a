import { describe, expect, test } from 'vitest'
import { StderrLines } from '../../../../src/supervise/channel/stderr-lines.ts'

const lines = (count: number) => Array.from({ length: count }, (_, at) => `line ${at}\n`).join('')

describe('standard error of a process', () => {
  test('is passed on in whole lines, without empty ones', () => {
    const stderr = new StderrLines()
    expect(stderr.push('(node:1) War', 0)).toEqual([])
    expect(stderr.push('ning: old\r\n\n  at x\nrest', 1)).toEqual(['(node:1) Warning: old', '  at x'])
    expect(stderr.end()).toEqual(['rest'])
    expect(stderr.end()).toEqual([])
  })

  test('is cut at long lines, regardless of its pieces', () => {
    const stderr = new StderrLines()
    for (let at = 0; at < 1_000; at += 1) expect(stderr.push('x'.repeat(1_000), at)).toEqual([])
    const [line = ''] = stderr.push('\n', 1_000)
    expect(line).toBe(`${'x'.repeat(400)}...`)
    expect(stderr.push(`${'y'.repeat(401)}\n${'z'.repeat(400)}\n`, 1_001)).toEqual([
      `${'y'.repeat(400)}...`,
      'z'.repeat(400),
    ])
  })

  test('is limited to ten lines in ten seconds, and reports the number of omitted lines', () => {
    const stderr = new StderrLines()
    expect(stderr.push(lines(8), 0)).toHaveLength(8)
    expect(stderr.push(lines(100), 9_999)).toEqual(['line 0', 'line 1'])
    expect(stderr.push('again\n', 10_000)).toEqual(['(98 more lines left out)', 'again'])
    expect(stderr.push(lines(10), 10_001)).toHaveLength(9)
    expect(stderr.end()).toEqual(['(1 more line left out)'])
  })
})
