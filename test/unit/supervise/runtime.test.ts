import { describe, expect, test } from 'vitest'
import { heapOptionOf } from '../../../src/supervise/runtime.ts'

describe('heapOptionOf', () => {
  test.each([
    [['--max-old-space-size=900'], undefined, '--max-old-space-size=900'],
    [['--inspect', '--max_old_space_size=900'], '', '--max_old_space_size=900'],
    [[], '--no-warnings --max-old-space-size=900', '--max-old-space-size=900'],
    [['--max-heap-size=900'], '', '--max-heap-size=900'],
    [[], '--max-old-space-size-percentage=50', '--max-old-space-size-percentage=50'],
    [['--max-semi-space-size=4', '--inspect'], '--enable-source-maps', undefined],
    [[], undefined, undefined],
  ])('%j and NODE_OPTIONS %j: %j', (execArgv, nodeOptions, found) => {
    expect(heapOptionOf(execArgv, nodeOptions)).toBe(found)
  })
})
