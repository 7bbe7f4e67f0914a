import { describe, expect, test } from 'vitest'
import { classifyEnd } from '../../../actors/instance.ts'
import { backoffMs, defaultRestartPolicy } from '../../../actors/restart-policy.ts'

describe('the reason of an end', () => {
  test.each([
    ['an uncaught error', 'none', { exitCode: 1, errorCode: '', message: 'boom' }, 'threw'],
    ['process.exit', 'none', { exitCode: 3 }, 'exited'],
    [
      'a full heap',
      'none',
      { exitCode: 1, errorCode: 'ERR_WORKER_OUT_OF_MEMORY', message: 'm' },
      'outOfMemory',
    ],
    ['a kill from outside', 'none', { exitCode: 1, errorCode: 'TERMINATED' }, 'killed'],
    ['a kill by the supervisor', 'kill', { exitCode: 1, errorCode: 'TERMINATED' }, 'killed'],
    ['a stuck loop', 'stuck', { exitCode: 1, errorCode: 'TERMINATED' }, 'stuck'],
    ['a start that took too long', 'startTimeout', { exitCode: 1, errorCode: 'TERMINATED' }, 'startTimeout'],
    ['a drain', 'drain', { exitCode: 0 }, 'drained'],
    ['an error during a drain', 'drain', { exitCode: 1, message: 'boom' }, 'threw'],
  ] as const)('%s', (_name, intent, exit, reason) => {
    expect(classifyEnd(intent, exit)).toBe(reason)
  })
})

describe('the back-off', () => {
  test('is zero after the first crash, then doubles up to its bound', () => {
    const policy = { ...defaultRestartPolicy, minBackoffMs: 100, maxBackoffMs: 350 }
    const after = [1, 2, 3, 4, 5].map((crashes) => backoffMs(new Array(crashes).fill(0), policy, 0))
    expect(after).toEqual([0, 100, 200, 350, 350])
  })

  test('has up to a quarter of jitter', () => {
    const policy = { ...defaultRestartPolicy, minBackoffMs: 100 }
    expect(backoffMs([0, 0], policy, 1)).toBe(75)
  })
})
