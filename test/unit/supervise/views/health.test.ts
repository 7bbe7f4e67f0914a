import { describe, expect, test } from 'vitest'
import {
  type HealthReading,
  health,
  missingInstances,
  plannedEndOf,
} from '../../../../src/supervise/views/health.ts'

const quiet: HealthReading = {
  isAlive: true,
  state: 'accepting',
  activeConnections: 0,
  maxConnections: 100,
  memoryBytes: 0,
  maxMemoryBytes: 1000,
}

describe('health', () => {
  test.each([
    ['nothing to do', {}, 'Healthy', []],
    ['connections just below 0.8', { activeConnections: 79 }, 'Healthy', []],
    ['connections at 0.8', { activeConnections: 80 }, 'Warning', ['connections at 80 % of the limit']],
    ['memory at 0.8', { memoryBytes: 800 }, 'Warning', ['memory at 80 % of the limit']],
    ['memory just below 0.95', { memoryBytes: 949 }, 'Warning', ['memory at 95 % of the limit']],
    ['connections at 0.95', { activeConnections: 95 }, 'Critical', ['connections at 95 % of the limit']],
    ['memory at 0.95', { memoryBytes: 950 }, 'Critical', ['memory at 95 % of the limit']],
    ['degraded', { state: 'degraded' }, 'Warning', ['the worker is degraded']],
    ['draining', { state: 'draining' }, 'Warning', ['the worker is draining']],
    ['saturated', { state: 'saturated' }, 'Critical', ['max_connections is reached']],
    [
      'one of two instances given up',
      { missing: { count: 1, of: 2, isGivenUp: true } },
      'Warning',
      ['1 of 2 instances ended too often; restarts are paused'],
    ],
    [
      'two of three instances starting',
      { missing: { count: 2, of: 3, isGivenUp: false } },
      'Warning',
      ['2 of 3 instances are starting'],
    ],
    ['not alive', { isAlive: false, state: null }, 'Critical', ['no instance is alive']],
    [
      'not alive, since it was drained',
      { isAlive: false, state: null, plannedEnd: 'drained' },
      'Warning',
      ['the worker is drained'],
    ],
    [
      'full while it is drained',
      { state: 'saturated', activeConnections: 100, plannedEnd: 'draining' },
      'Warning',
      ['max_connections is reached', 'connections at 100 % of the limit', 'the worker is draining'],
    ],
  ] as const)('%s', (_name, change, status, reasons) => {
    const result = health({ ...quiet, ...change })
    expect([result.status, result.reasons]).toEqual([status, reasons])
  })

  test('reports missing instances only while the worker should run', () => {
    expect(missingInstances('gaveUp', 2, 1)).toEqual({ count: 1, of: 2, isGivenUp: true })
    expect(missingInstances('supervising.restarting', 4, 1)).toEqual({ count: 3, of: 4, isGivenUp: false })
    expect(missingInstances('supervising.steady', 2, 2)).toBeNull()
    // A retiring instance may still be counted beside its successor.
    expect(missingInstances('supervising.steady', 2, 3)).toBeNull()
    for (const state of ['draining', 'drained', 'stopping', null])
      expect(missingInstances(state, 2, 1)).toBeNull()
  })

  test('returns both utilisations', () => {
    expect(health({ ...quiet, activeConnections: 25, memoryBytes: 500 })).toMatchObject({
      connectionUtilization: 0.25,
      memoryUtilization: 0.5,
    })
  })
})

test.each([
  ['draining', 'draining'],
  ['stopping', 'draining'],
  ['drained', 'drained'],
  ['stopped', 'drained'],
  ['supervising.steady', null],
  ['gaveUp', null],
  [null, null],
])('a supervisor in %s has the planned end %s', (state, end) => {
  expect(plannedEndOf(state)).toBe(end)
})
