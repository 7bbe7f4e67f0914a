import { describe, expect, test } from 'vitest'
import { classifyEnd } from '../../../../actors/instance.ts'
import { describeEnd, type ProcessEnd } from '../../../../src/supervise/channel/process-exit.ts'

const end: ProcessEnd = { code: null, signal: null, stderr: '', isKilled: false }
const heapIsFull =
  'FATAL ERROR: Ineffective mark-compacts near heap limit Allocation failed - JavaScript heap out of memory'

describe('the end of a process', () => {
  test.each<[string, Partial<ProcessEnd>, string, string | undefined]>([
    ['by a custom exit code', { code: 3 }, 'exited', undefined],
    ['by a kill of the supervisor', { signal: 'SIGKILL', isKilled: true }, 'killed', undefined],
    [
      'by an abort of V8',
      { signal: 'SIGABRT', stderr: `\n${heapIsFull}\n----- trace\n` },
      'outOfMemory',
      heapIsFull,
    ],
    ['by an abort of V8, as an exit code', { code: 134, stderr: heapIsFull }, 'outOfMemory', heapIsFull],
    ['by an abort without output', { signal: 'SIGABRT' }, 'killed', 'signal SIGABRT'],
    ['by a native crash', { signal: 'SIGSEGV' }, 'killed', 'signal SIGSEGV'],
    [
      'by a kill from outside',
      { signal: 'SIGKILL' },
      'killed',
      'SIGKILL from outside (the kernel out of memory, or an operator)',
    ],
    [
      'by an error before the entry can catch it',
      { code: 1, stderr: 'file.ts:1\n\nSyntaxError: no\n    at x' },
      'threw',
      'SyntaxError: no',
    ],
  ])('%s', (_, given, reason, message) => {
    const exit = describeEnd({ ...end, ...given })
    expect(exit.message).toBe(message)
    expect(classifyEnd('none', exit)).toBe(reason)
  })

  test('after a drain is orderly with code 0', () => {
    expect(classifyEnd('drain', describeEnd({ ...end, code: 0 }))).toBe('drained')
  })
})
